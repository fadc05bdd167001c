// Takes the lock of a folder, says so, and holds it until its input ends.
import { FileStorage } from "../../../dist/persistence/storage/file-storage.js";

const storage = new FileStorage(process.argv[2]);
await storage.createFolder("");
await storage.lock("lock");
process.stdout.write("locked\n");
process.stdin.resume();
