/**
 * Given to a user's class in place of its values, makes the class build a row view:
 * the base constructor returns what `create` gives as `this`, so that the fields and
 * `#private` members of every class in the chain are installed on the view.
 */
export class ViewToken {
  readonly create: () => object;

  constructor(create: () => object) {
    this.create = create;
  }
}
