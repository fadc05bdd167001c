/** Where Node's console looks for what to show of an object. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** What a store prints as: `Store(orders) { size: 3 }`, for its own properties are its columns. */
export const printed = (store: { readonly size: number }, entity: string): string =>
  `${store.constructor.name}(${entity}) { size: ${store.size} }`;
