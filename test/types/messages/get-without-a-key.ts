import { Entity, f64, Store } from "faun";

class Reading extends Entity("readings", { value: f64() }) {}

new Store(Reading).get(1n);
