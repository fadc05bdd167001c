import { Entity, f32, i16 } from "faun";

/** A domestic flight in the United States, as reported to the Bureau of Transportation Statistics. */
export class Flight extends Entity("flights", {
  /** Minutes after the planned arrival; below 0: early. */
  delay: i16(),
  /** Miles. */
  distance: i16(),
  /** Departure, local, in hours since midnight: 13.5 is half past one. */
  time: f32(),
}) {
  /** As the authorities count: a quarter of an hour or more. */
  get isDelayed(): boolean {
    return this.delay >= 15;
  }

  /** Departure as on the board: "13:30". */
  get departure(): string {
    const minutes = Math.round(this.time * 60);
    return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  }
}
