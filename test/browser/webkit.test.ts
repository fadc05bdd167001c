import { webkit } from "./browsers/webkit.ts";
import { describeOpfs } from "./describe-opfs.ts";
import { describePages } from "./describe-pages.ts";

describePages(webkit, ["arrow/round-trip", "query/aggregates"]);
describeOpfs(webkit);
