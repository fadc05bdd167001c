import { chromium } from "./browsers/chromium.ts";
import { describePages } from "./describe-pages.ts";

describePages(chromium);
