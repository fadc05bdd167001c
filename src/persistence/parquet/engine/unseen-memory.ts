/** Beyond what an allocator zeroes by hand: from here on, memory that nobody touches is address space and nothing else. */
const STEP = 64 << 20;
/** More in one piece says nothing more, and may not be there to be had. */
const MOST = 1 << 30;

let noted = 0;

/**
 * Notes bytes of shared memory that this thread was given. V8 begins a collection by the bytes of ArrayBuffers made since
 * the last one, and leaves out shared ones: many could be dropped and stay. So it is shown an ArrayBuffer of as many bytes
 * that is dropped at once. Where ArrayBuffers themselves held a large load, a collection would begin every few ten
 * megabytes of it, each over all objects of the process, for data that stays.
 */
export function noteUnseenMemory(bytes: number): void {
  noted += bytes;
  if (noted < STEP) return;
  const byteLength = Math.min(noted, MOST);
  noted = 0;
  try {
    new ArrayBuffer(byteLength);
  } catch {
    // Memory is short: what has just failed has collected all there is.
  }
}
