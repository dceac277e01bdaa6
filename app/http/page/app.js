// The page: sign in, friends, post a text, read the feed. The session is a
// cookie that scripts can't read.
const $ = (id) => document.getElementById(id);
const pollEvery = 5000; // ms between two looks for new stories
let oldest = null; // cursor of the next older page
let newest = null; // id of the first story shown

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail || answer.title), { status: response.status });
  return answer;
}

// run does what a person asked for, and says what went wrong.
async function run(action) {
  $("message").textContent = "";
  try {
    await action();
  } catch (error) {
    if (error.status === 401) show(null);
    $("message").textContent = error.message;
  }
}

function element(tag, text) {
  const e = document.createElement(tag);
  e.textContent = text;
  return e;
}

function storyItem(story) {
  const item = element("li", story.body || "");
  const when = new Date(story.created_at);
  item.prepend(element("small", `${story.author.name}, ${when.toLocaleString()}`));
  if (story.link) {
    const link = element("a", story.link);
    link.href = story.link;
    link.rel = "noopener noreferrer";
    item.append(document.createElement("br"), link);
  }
  return item;
}

async function firstPage() {
  const page = await call("GET", "/v1/feed");
  $("feed").replaceChildren(...page.stories.map(storyItem));
  newest = page.stories[0]?.id ?? null;
  $("new").hidden = true;
  $("empty").hidden = page.stories.length > 0;
  older(page.next_cursor);
}

function older(cursor) {
  oldest = cursor;
  $("more").hidden = !cursor;
}

async function requests() {
  const { users } = await call("GET", "/v1/friend-requests");
  $("requests").replaceChildren(...users.map((user) => {
    const item = element("li", `${user.name} asks to be your friend. `);
    const accept = element("button", "Accept");
    accept.onclick = () => run(async () => {
      await call("POST", `/v1/friend-requests/${user.id}/accept`);
      await Promise.all([requests(), firstPage()]);
    });
    item.append(accept);
    return item;
  }));
}

async function look() {
  if ($("inside").hidden || document.hidden) return;
  try {
    const page = await call("GET", "/v1/feed?limit=1");
    $("new").hidden = (page.stories[0]?.id ?? null) === newest;
    await requests();
  } catch {
    // The next look may go better; what a person does says what is wrong.
  }
}

function show(user) {
  $("outside").hidden = !!user;
  $("inside").hidden = $("who").hidden = !user;
  if (!user) return;
  $("who").firstElementChild.textContent = user.name;
  run(() => Promise.all([firstPage(), requests()]));
}

$("sign").onsubmit = (event) => {
  event.preventDefault();
  const fields = new FormData(event.target);
  const to = event.submitter?.value || "/v1/sessions";
  run(async () => show((await call("POST", to, { name: fields.get("name"), password: fields.get("password") })).user));
};
$("sign-out").onclick = () => run(async () => {
  await call("DELETE", "/v1/session");
  show(null);
});
$("post").onsubmit = (event) => {
  event.preventDefault();
  run(async () => {
    await call("POST", "/v1/stories", { kind: "text", body: event.target.body.value });
    event.target.reset();
    await firstPage();
  });
};
$("befriend").onsubmit = (event) => {
  event.preventDefault();
  run(async () => {
    const { status } = await call("POST", "/v1/friend-requests", { name: event.target.name.value });
    event.target.reset();
    $("message").textContent = status === "accepted" ? "You are friends." : "Asked.";
    await firstPage();
  });
};
$("new").onclick = () => run(firstPage);
$("more").onclick = () => run(async () => {
  const page = await call("GET", `/v1/feed?cursor=${encodeURIComponent(oldest)}`);
  $("feed").append(...page.stories.map(storyItem));
  older(page.next_cursor);
});

setInterval(look, pollEvery);
call("GET", "/v1/session").then(({ user }) => show(user), () => show(null));
