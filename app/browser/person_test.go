package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"newsfeed/app"
)

const (
	patience = 15 * time.Second // for one condition of the page
	glance   = 40 * time.Millisecond
)

// look is how a person's browser shows the page.
type look struct{ size, scheme, language string }

func (l look) String() string { return l.size + "-" + l.scheme + "-" + l.language }

var (
	onPhone   = look{"phone", "light", "en"}
	onDesktop = look{"desktop", "light", "en"}
)

// person is somebody at a browser context of their own.
type person struct {
	t    *testing.T
	ctx  context.Context
	site *site
	look look
}

// visit opens the site for somebody new.
func (s *site) visit(look look) *person {
	s.t.Helper()
	p := s.somebody(look)
	p.open("/")
	return p
}

func (s *site) somebody(look look) *person {
	s.t.Helper()
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	s.t.Cleanup(cancel)
	p := &person{t: s.t, ctx: ctx, site: s, look: look}
	// A mistake of the page's own scripts, or anything that its policy had to
	// stop, fails the test whatever it was about.
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			s.t.Errorf("%s: %s %s", look, e.ExceptionDetails.Text, describe(e.ExceptionDetails.Exception))
		case *log.EventEntryAdded:
			if e.Entry.Source == "security" {
				s.t.Errorf("%s: %s", look, e.Entry.Text)
			}
		}
	})
	if err != nil {
		s.t.Fatal(err)
	}
	languages := map[string]string{"ko": "ko-KR,ko", "ja": "ja-JP,ja", "en": "en-GB,en"}[look.language]
	p.wear(look)
	if !s.workers {
		check(p, "service worker", func() error {
			_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "delete Navigator.prototype.serviceWorker"})
			return err
		})
	}
	check(p, "language", func() error {
		_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "newsfeed-test", AcceptLanguage: languages})
		return err
	})
	return p
}

// wear changes the size and the scheme; the language is there from the start.
func (p *person) wear(look look) {
	p.t.Helper()
	p.look = look
	size := emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 844, DeviceScaleFactor: 1, Mobile: true}
	if look.size == "desktop" {
		size = emulation.SetDeviceMetricsOverrideParams{Width: 1280, Height: 800, DeviceScaleFactor: 1}
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: look.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}
	check(p, "size", func() error {
		_, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, size)
		return err
	})
	check(p, "media", func() error { _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media); return err })
}

func describe(o *runtime.RemoteObject) string {
	if o == nil {
		return ""
	}
	return o.Description
}

func check(p *person, what string, do func() error) {
	p.t.Helper()
	if err := do(); err != nil {
		p.fail("%s: %v", what, err)
	}
}

// fail ends the test and keeps what the person saw last.
func (p *person) fail(format string, args ...any) {
	p.t.Helper()
	p.shoot("failed-" + strings.NewReplacer("/", "-", " ", "_").Replace(p.t.Name()))
	p.t.Fatalf(format, args...)
}

func (p *person) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.fail("%v", err)
	}
}

func (p *person) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.site.url + path))
}

// enter opens the site with a session of user.
func (s *site) enter(user app.User, look look) *person {
	s.t.Helper()
	p := s.somebody(look)
	_, token, err := s.store.SignIn(s.t.Context(), user.Name, secret)
	if err != nil {
		s.t.Fatal(err)
	}
	check(p, "cookie", func() error {
		_, err := chromedp.Call(p.ctx, network.SetCookie, network.SetCookieParams{Name: "session", Value: token.String(), URL: s.url, Path: "/", HTTPOnly: new(true)})
		return err
	})
	p.open("/")
	p.see("#feed-view", "")
	p.see("#feed > article, #feed-foot p", "")
	return p
}

// eval returns what an expression is in the page, once it is not null; a page
// that is just being replaced is asked again.
func eval[T any](p *person, expression string) (out T) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	var last error
	for {
		raw, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => JSON.stringify((await ("+expression+")) ?? null))()", chromedp.EvalAwaitPromise))
		if err == nil && raw != "null" {
			if err := json.Unmarshal([]byte(raw), &out); err != nil {
				p.fail("%s is %s: %v", expression, raw, err)
			}
			return out
		}
		last = err
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.fail("still not so after %v: %s %v", patience, expression, last)
		}
	}
}

// until waits until an expression is true in the page.
func (p *person) until(format string, args ...any) {
	p.t.Helper()
	eval[bool](p, "("+fmt.Sprintf(format, args...)+") ? true : null")
}

// find is an expression for the first visible element that matches and holds text.
func find(selector, text string) string {
	return fmt.Sprintf("[...document.querySelectorAll(%s)].find((e) => e.checkVisibility({visibilityProperty: true}) && e.textContent.includes(%s))", quote(selector), quote(text))
}

func (p *person) see(selector, text string) {
	p.t.Helper()
	p.until("%s", find(selector, text))
}

func (p *person) gone(selector, text string) {
	p.t.Helper()
	p.until("!%s", find(selector, text))
}

// click presses the mouse where the element is, once nothing lies over it.
func (p *person) click(selector, text string) {
	p.t.Helper()
	at := eval[[2]float64](p, fmt.Sprintf(`(() => {
		const e = %s;
		if (!e) return null;
		let r = e.getBoundingClientRect();
		if (r.top < 70 || r.bottom > innerHeight - 70) { e.scrollIntoView({ block: "center" }); r = e.getBoundingClientRect(); }
		const at = [r.left + r.width / 2, r.top + r.height / 2];
		const hit = document.elementFromPoint(...at);
		return hit && (e.contains(hit) || hit.contains(e)) ? at : null;
	})()`, find(selector, text)))
	p.do(chromedp.MouseClickXY(at[0], at[1]))
}

// fill replaces what a field holds.
func (p *person) fill(selector, text string) {
	p.t.Helper()
	p.click(selector, "")
	p.until("(document.activeElement.matches(%q) && (document.activeElement.select(), true))", selector)
	p.insert(text)
}

func (p *person) insert(text string) {
	p.t.Helper()
	check(p, "insert", func() error {
		_, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

func (p *person) press(keys string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// choose gives files to a file input.
func (p *person) choose(selector string, paths ...string) {
	p.t.Helper()
	p.do(chromedp.SetUploadFiles(chromedp.CSS(selector), paths, chromedp.NodeReady))
}

// offline takes the network away, or brings it back.
func (p *person) offline(yes bool) {
	p.t.Helper()
	conditions := []*network.Conditions{}
	if yes {
		conditions = append(conditions, &network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	}
	check(p, "network", func() error {
		_, err := chromedp.Call(p.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: yes, DownloadThroughput: -1, UploadThroughput: -1})
		return err
	})
	check(p, "network", func() error {
		_, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			EmulateOfflineServiceWorker: &yes, MatchedNetworkConditions: conditions,
		})
		return err
	})
}

// sign fills in and sends the sign-up or sign-in form.
func (p *person) sign(up bool, name string) {
	p.t.Helper()
	p.see("#sign", "")
	if up {
		p.click("#sign-other", "")
	}
	p.fill("#sign-name", name)
	p.fill("#sign-password", secret)
	p.click("#sign-submit", "")
	p.see("#feed-view", "")
}

// stories are the IDs in the feed, from the top.
func (p *person) stories() []string {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll("#feed > article")].map((e) => e.dataset.id)`)
}

func artifacts() string {
	if dir := os.Getenv("NEWSFEED_ARTIFACTS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", ".local", "screenshots")
}

// shoot keeps what the person sees as a picture.
func (p *person) shoot(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	fast := page.CaptureScreenshotParams{OptimizeForSpeed: new(true)} // packing them well takes most of the time
	picture, err := chromedp.Call(ctx, page.CaptureScreenshot, fast)
	if err == nil {
		if err = os.MkdirAll(artifacts(), 0o755); err == nil {
			err = os.WriteFile(filepath.Join(artifacts(), name+".png"), picture.Data, 0o644)
		}
	}
	if err != nil {
		p.t.Errorf("screenshot %s: %v", name, err)
	}
}

var reload = chromedp.Reload()

// quote makes a Go string a JavaScript one.
func quote(s string) string {
	raw, _ := json.Marshal(s) // a string: cannot fail
	return string(raw)
}
