import { Store } from "faun";

class Order {
  total = 0;
}

new Store(Order);
