import { expect, test } from "vitest";
import { Entity } from "../../src/entity/entity.ts";
import { f64, utf8 } from "../../src/entity/fields.ts";
import { SoA } from "../../src/soa/soa.ts";

class Sensor extends Entity("sensors", { name: utf8().key(), level: f64() }) {}

test("a view's constructor is the user's class, and with() gives an instance that stands alone", () => {
  const sensors = new SoA(Sensor);
  sensors.add({ name: "door", level: 0.25 });
  const door = sensors.get("door") as Sensor;
  expect(door.constructor).toBe(Sensor);

  const changed = door.with({ level: 1 });
  expect(Object.keys(changed)).toEqual(["name", "level"]);
  expect(changed).toEqual(new Sensor({ name: "door", level: 1 }));
  expect(door.level).toBe(0.25);
});
