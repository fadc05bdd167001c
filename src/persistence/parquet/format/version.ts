/** The version of this package, as files tell who wrote them. A test holds it against package.json. */
export const VERSION = "0.1.0";
