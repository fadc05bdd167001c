import { chromium } from "./browsers/chromium.ts";
import { describeOpfs } from "./describe-opfs.ts";

describeOpfs(chromium);
