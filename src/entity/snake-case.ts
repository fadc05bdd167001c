/**
 * The column name of a field: a `_` goes before a capital that follows a small letter or a digit,
 * and before the last capital of a run that a small letter follows; then all is lower case.
 * `orderId` → `order_id`, `shippingURLHash` → `shipping_url_hash`, `parseJSON` → `parse_json`,
 * `x2y` → `x2y`. A name in snake_case stays as it is.
 */
export function snakeCase(name: string): string {
  return name
    .replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .toLowerCase();
}
