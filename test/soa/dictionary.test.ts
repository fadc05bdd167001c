import { inspect } from "node:util";
import { category, Entity, enumOf, Store, u32, ValidationError } from "faun";
import { expect, test } from "vitest";

class Parcel extends Entity("parcels", { id: u32().key(), size: enumOf("S", "M", "L"), city: category() }) {}

function parcels(): Store<Parcel> {
  const store = new Store(Parcel);
  store.addBatch([
    { id: 1, size: "L", city: "Ghent" },
    { id: 2, size: "S", city: "Porto" },
    { id: 3, size: "M", city: "Ghent" },
  ]);
  return store;
}

test("codes stand for the strings that the kernel tells", () => {
  const { kernel } = parcels();
  const decoded = (name: "size" | "city") => Array.from(kernel.rawArray(name), (code) => kernel.dictionary(name)[code]);
  expect(decoded("size")).toEqual(["L", "S", "M"]);
  expect(decoded("city")).toEqual(["Ghent", "Porto", "Ghent"]);
  expect(() => kernel.dictionary("id")).toThrow(ValidationError);
});

test("what was spread from a view prints without the columns behind it", () => {
  const view = parcels().get(1);
  expect(inspect({ ...view })).toContain("[3 rows of parcels]");
  expect(inspect({ ...view }).length).toBeLessThan(200);
});
