package browser

import (
	"testing"
	"time"

	"newsfeed/app"
)

// draft is what people are about to post when something goes wrong.
const draft = "Not lost, whatever happens"

func (p *person) keepsDraft() {
	p.t.Helper()
	p.until("document.getElementById('compose-body').value === %q", draft)
}

// posted says how many of the user's stories are the draft.
func (s *site) wantPosted(user app.User, want int) {
	s.t.Helper()
	page, err := s.store.Mine(s.t.Context(), user, app.Query{Limit: app.MaxPage})
	if err != nil || len(page.Stories) != want {
		s.t.Errorf("%d stories were posted, want %d: %v", len(page.Stories), want, err)
	}
}

func TestAFencedRegionIsReadOnlyUntilItIsNot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a := s.user("kim"), s.user("lee")
	s.befriend(me, a)
	s.write(a, "to be read")
	p := s.enter(me, onDesktop)
	p.fill("#compose-body", draft)
	s.refuse("w", &app.Error{Code: app.CodeFenced, RetryAfter: time.Second})
	p.click("#compose-post", "")
	p.see("#banner-read-only", "")
	p.see("#compose-error", "draft is kept")
	p.do(reload)
	p.see("#feed", "to be read")
	p.see("#banner-read-only", "") // told without anybody trying
	p.keepsDraft()
	s.refuse("w", nil)
	p.gone("#banner-read-only", "")
	p.until("document.getElementById('live').textContent.includes('again')")
	p.click("#compose-post", "")
	p.see("#feed", draft)
	s.wantPosted(me, 1)
}

func TestWithoutANetworkThePageIsStillThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workers = true
	me := s.user("kim")
	p := s.enter(me, onPhone)
	p.until("navigator.serviceWorker.controller !== null")
	p.fill("#compose-body", draft)
	p.offline(true)
	p.see("#banner-offline", "")
	p.click("#compose-post", "")
	p.see("#compose-error", "cannot be reached")
	p.keepsDraft()
	p.do(reload)
	p.see("#away", "")
	p.offline(false)
	p.see("#feed-view", "")
	p.gone("#banner-offline", "")
	p.keepsDraft()
	p.click("#compose-post", "")
	p.see("#feed", draft)
	s.wantPosted(me, 1)
}

func TestAnEndedSessionKeepsEverythingForItsOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a := s.user("kim"), s.user("lee")
	s.befriend(me, a)
	s.write(a, "to be read")
	p := s.enter(me, look{"phone", "dark", "en"})
	p.until("(document.querySelector('#feed article').dataset.same = 'yes')")
	p.fill("#compose-body", draft)
	s.refuse("w", app.Unauthenticated())
	p.click("#compose-post", "")
	p.see("#sign-note", "draft is kept")
	p.shoot("session-ended")
	s.refuse("w", nil)
	p.fill("#sign-password", "wrong password")
	p.click("#sign-submit", "")
	p.see("#sign-error", "wrong")
	p.fill("#sign-password", secret)
	p.click("#sign-submit", "")
	p.see("#feed article[data-same]", "") // where they were
	p.keepsDraft()
	p.click("#compose-post", "")
	p.see("#feed", draft)
	s.wantPosted(me, 1)
}

func TestTheNextPersonFindsNothingOfTheLast(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workers = true
	me, a, next := s.user("kim"), s.user("lee"), s.user("next")
	s.befriend(me, a)
	s.write(a, "for kim only")
	p := s.enter(me, onPhone)
	p.until("navigator.serviceWorker.controller !== null")
	p.fill("#compose-body", draft)
	p.click(`nav a[href="#you"]`, "")
	p.click("#sign-out", "")
	p.sign(false, next.Name)
	p.see("#feed-foot", "Nothing here")
	p.until(`!document.body.textContent.includes("for kim only") && document.getElementById("compose-body").value === ""`)
	p.until(`(async () => {
		const urls = [];
		for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
		return urls.length > 5 && urls.every((path) => path === "/" || path.startsWith("/static/"));
	})()`)
}

func TestAStoryIsPostedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me := s.user("kim")
	p := s.enter(me, onDesktop)
	stories := 0
	for name, try := range map[string]func(*site, *person){
		"when the button is pressed twice": func(s *site, p *person) {
			p.until(`(() => { const b = document.getElementById("compose-post"); b.click(); b.click(); b.form.requestSubmit(); return true; })()`)
		},
		"when the first answer is lost": func(s *site, p *person) {
			s.set(func() { s.lose = true })
			p.click("#compose-post", "")
			p.see("#compose-error", "does not answer")
			p.keepsDraft()
			p.click("#compose-post", "")
		},
		"when the first answer is lost and the page reloaded": func(s *site, p *person) {
			s.set(func() { s.lose = true })
			p.click("#compose-post", "")
			p.see("#compose-error", "does not answer")
			p.do(reload)
			p.keepsDraft()
			p.click("#compose-post", "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.t, p.t = t, t
			s.set(func() { s.posts = 0 })
			p.fill("#compose-body", draft)
			try(s, p)
			p.see("#feed", draft)
			p.until(`document.getElementById("compose-body").value === "" && localStorage.getItem("draft:%s") === null`, me.ID)
			stories++
			s.wantPosted(me, stories)
			if n := s.postCount(); n > 2 {
				t.Errorf("%d requests for one story", n)
			}
		})
	}
}

func TestRefusalsAreToldInTheReadersWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a := s.user("kim"), s.user("lee")
	s.befriend(me, a)
	s.write(a, "to be read")
	for _, c := range []struct {
		language string
		err      error
		says     string
	}{
		{"en", app.RateLimited(7 * time.Second), "Try again in 7 seconds"},
		{"ja", app.Overload(), "混み合って"},
		{"ko", app.NotFound("story"), "존재하지"},
	} {
		p := s.enter(me, look{"phone", "light", c.language})
		s.refuse("w", c.err)
		p.click("#feed footer > .act", "")
		p.fill("#feed .comments textarea", "hello")
		p.click("#feed .comments .primary", "")
		p.see("#feed .comments .error", c.says)
		p.until("document.querySelector('#feed .comments textarea').value === 'hello'")
		s.refuse("w", nil)
		p.click("#feed .comments .primary", "")
		p.see("#feed .comments li:last-child", "hello")
	}
}
