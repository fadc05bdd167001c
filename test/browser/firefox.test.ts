import { firefox } from "./browsers/firefox.ts";
import { describeOpfs } from "./describe-opfs.ts";
import { describePages } from "./describe-pages.ts";

describePages(firefox, ["arrow/round-trip", "query/aggregates"]);
describeOpfs(firefox);
