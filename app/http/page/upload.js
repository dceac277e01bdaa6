// Sending a file to where the service says, with progress, and a way to stop.
import { call, Problem } from "./api.js";

// size finds out how large a photo or video is when shown; a photo that cannot
// be shown rejects, a video that this browser cannot play has no size.
export async function size(url, video) {
  if (!video) {
    const image = new Image();
    image.src = url;
    await image.decode();
    return { width: image.naturalWidth, height: image.naturalHeight };
  }
  const player = document.createElement("video");
  const { promise, resolve } = Promise.withResolvers();
  player.onloadedmetadata = () => resolve(player.videoWidth ? { width: player.videoWidth, height: player.videoHeight } : {});
  player.onerror = () => resolve({});
  player.preload = "metadata";
  player.src = url;
  return promise;
}

// upload resolves to the name that a story calls the file by. progress is told
// the part sent, from 0 to 1; signal stops it.
export async function upload(file, size, progress, signal) {
  const ticket = await call("POST", "/v1/media", { type: file.type, bytes: file.size, ...size });
  signal.throwIfAborted();
  const form = new FormData();
  for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value);
  form.append("file", file);
  const { promise, resolve, reject } = Promise.withResolvers();
  const request = new XMLHttpRequest(); // fetch tells no progress of sending
  request.open("POST", ticket.url);
  request.upload.onprogress = (event) => progress(event.loaded / event.total);
  request.onload = () => (request.status < 300 ? resolve(ticket.key) : reject(new Problem({ type: "upload", status: request.status })));
  request.onerror = () => reject(new Problem({ type: "network" }));
  request.onabort = () => reject(signal.reason);
  signal.addEventListener("abort", () => request.abort());
  request.send(form);
  return promise;
}
