import { enumOf } from "faun";

enumOf("Pending", "Shipped").default("Shiped");
