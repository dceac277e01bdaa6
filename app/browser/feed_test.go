package browser

import (
	"slices"
	"testing"

	"newsfeed/app"
)

func TestTheFeedGoesOnToTheVeryFirstStory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a, b := s.user("kim"), s.user("lee"), s.user("park")
	s.befriend(me, a)
	s.befriend(b, me)
	photo := picture(300, 200, 0)
	var want []string
	for i := range 65 {
		author := []app.User{a, b}[i%2]
		draft := app.Draft{Kind: app.Text, Body: "a story"}
		if i%7 == 0 {
			draft = app.Draft{Kind: app.Photo, Media: []string{s.media(author, app.File{Type: "image/png", Width: 300, Height: 200}, photo)}}
		}
		want = append(want, s.post(author, draft).String())
	}
	slices.Reverse(want)
	p := s.enter(me, onPhone)
	p.until(`document.querySelector("#feed > article").getAttribute("aria-setsize") === "-1"`)
	p.until(`(scrollTo(0, document.body.scrollHeight), document.querySelector("#feed > article").getAttribute("aria-setsize") === "65")`)
	if got := p.stories(); !slices.Equal(got, want) {
		t.Errorf("got %d stories, want 65 in order\n%q\n%q", len(got), got, want)
	}
	p.until(`[...document.querySelectorAll("#feed > article")].every((e, i) => e.getAttribute("aria-posinset") === String(i + 1) && e.getAttribute("role") !== "none")`)
	p.see("#feed-foot", "everything")
	// What moved by itself, other than what stands below the last story.
	moved := eval[[]string](p, `new Promise((done) => {
		new PerformanceObserver((list) => done(list.getEntries().filter((e) => !e.hadRecentInput).flatMap((e) => e.sources
			.filter(({ node }) => node && !document.getElementById("feed-foot").contains(node)).map(({ node }) => node.outerHTML ?? node.data))))
			.observe({ type: "layout-shift", buffered: true });
		requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0, []))); // nothing ever moved
	})`)
	if len(moved) > 0 {
		t.Errorf("the page moved under the reader: %.300q", moved)
	}
}

func TestAFailedPageOfTheFeedIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a := s.user("kim"), s.user("lee")
	s.befriend(me, a)
	for i := range 45 {
		s.write(a, "story %d", i)
	}
	p := s.enter(me, onDesktop)
	s.refuse("r", &app.Error{Code: app.CodeDependency})
	p.until(`(scrollTo(0, document.body.scrollHeight), document.querySelector("#feed-foot button"))`)
	s.refuse("r", nil)
	p.click("#feed-foot button", "")
	p.until(`(scrollTo(0, document.body.scrollHeight), document.querySelectorAll("#feed > article").length === 45)`)
}

func TestNewStoriesAreToldAndShownWhenAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a := s.user("kim"), s.user("lee")
	s.befriend(me, a)
	old := s.write(a, "an old one").String()
	p := s.enter(me, onPhone)
	for range 3 {
		s.write(a, "a new one")
	}
	p.see("#new", "3") // by the page's own clock
	p.until(`document.title === "(3) newsfeed" && document.getElementById("live").textContent.includes("3")`)
	if got := p.stories(); !slices.Equal(got, []string{old}) {
		t.Errorf("the feed changed by itself: %q", got)
	}
	p.click("#new", "")
	p.until(`document.querySelectorAll("#feed > article").length === 4 && document.activeElement === document.querySelector("#feed > article")`)
	p.gone("#new", "")
	p.until(`document.title === "newsfeed"`)
	if _, n, err := s.store.Marker(t.Context(), me, app.Zero); n != 0 || err != nil {
		t.Errorf("%d stories are unread, %v", n, err)
	}
}

func TestWhatPeopleWriteIsNeverMoreThanText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a := s.user("kim"), s.user("lee")
	s.befriend(me, a)
	hostile := []string{
		`<img src=x onerror="window.broken = 1">`, `<script>window.broken = 1</script>`, `"><svg onload=window.broken=1>`,
		`javascript:window.broken=1`, `https://example.com/"onmouseover="window.broken=1`, `${window.broken = 1}{{name}}&lt;b&gt;`,
	}
	var story app.ID
	for _, text := range hostile {
		story = s.write(a, "%s", text)
	}
	for _, text := range hostile {
		if err := comment(s, a, story, text); err != nil {
			t.Fatal(err)
		}
	}
	s.post(a, app.Draft{Kind: app.Link, Link: "https://example.com/%22%3E%3Cscript%3Ewindow.broken=1%3C/script%3E"})
	p := s.enter(me, onDesktop)
	p.click(`[data-id="`+story.String()+`"] footer > .act`, "")
	p.until(`document.querySelectorAll(".comments li").length === %d`, len(hostile))
	got := eval[[]string](p, `[...document.querySelectorAll(".comments .words")].map((e) => e.textContent)`)
	if !slices.Equal(got, hostile) {
		t.Errorf("comments: %q, want %q", got, hostile)
	}
	p.until(`!("broken" in window) && !document.querySelector(".words :not(a), .link script")`)
	p.until(`[...document.querySelectorAll("#feed a")].every((a) => ["http:", "https:"].includes(a.protocol) && a.rel.includes("noopener"))`)
	p.until(`import("/dom.js").then(({ webAddress }) => ["javascript:1", "data:text/html,x", "//x", "blob:x", ""].every((x) => webAddress(x) === null))`)
}
