/** Whether two types are the same: not merely assignable both ways, modifiers and `any` included. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only when given `true`: `export type _ = Expect<Equal<A, B>>`. */
export type Expect<T extends true> = T;
