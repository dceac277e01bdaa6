// Keeps one version of the page, whole, for when there is no network. What
// people write and see (/v1, media) never passes through here.
const version = "{{version}}";
const files = "{{files}}".split(" ");

// An instance of another version, met while a new one is rolled out, serves
// files that it doesn't mark as this version's: then this install fails, and
// the browser tries again later.
async function install() {
  const cache = await caches.open(version);
  await Promise.all(files.map(async (file) => {
    const response = await fetch(file, { cache: "reload" });
    if (!response.ok || response.headers.get("ETag") !== `W/"${version}"`) throw new Error(`${file} is not of version ${version}`);
    await cache.put(file, response);
  }));
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) if (name !== version) await caches.delete(name);
  await self.clients.claim();
}

async function kept(request, name) {
  const cache = await caches.open(version);
  return (await cache.match(name)) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" ? url.pathname === "/" : files.includes(url.pathname)) {
    event.respondWith(kept(request, url.pathname));
  }
});
