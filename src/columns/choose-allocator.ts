import { ValidationError } from "../errors.ts";
import type { Allocator, AllocatorChoice } from "./allocator.ts";
import { HeapAllocator } from "./heap-allocator.ts";
import { SharedAllocator } from "./shared-allocator.ts";

/** The allocator that a store's options name or make. @throws ValidationError for anything else */
export function chooseAllocator(choice: AllocatorChoice): Allocator {
  if (choice === "heap") return new HeapAllocator();
  if (choice === "shared") return new SharedAllocator();
  const made: Partial<Allocator> | undefined = typeof choice === "function" ? choice() : undefined;
  if (typeof made?.allocate === "function" && typeof made.release === "function") return made as Allocator;
  throw new ValidationError({
    entity: "store options",
    field: "allocator",
    value: choice,
    expected: '"heap", "shared" or a function that makes an allocator',
  });
}
