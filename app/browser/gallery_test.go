package browser

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"newsfeed/app"
)

// words are what the people of the gallery write, by language.
var words = map[string][]string{
	"en": {"Walked home along the river tonight. The light was something else.", "Worth ten minutes of your day:", "Two from the weekend. We were up before the sun and had the whole ridge to ourselves.", "Test run, turn the sound off", "So jealous. Which trail is that?", "The long way round, from the north side."},
	"ko": {"오늘 저녁에는 강변을 따라 걸어서 집에 왔어요. 노을이 정말 아름다웠습니다.", "십 분만 시간 내서 읽어 보세요.", "주말에 찍은 사진 두 장. 해 뜨기 전에 올라가서 능선을 독차지했어요.", "시험 삼아 찍어 봤어요", "부럽네요. 어느 코스예요?", "북쪽에서 돌아가는 긴 길이에요."},
	"ja": {"今夜は川沿いを歩いて帰りました。夕焼けが本当にきれいでした。", "10分だけ時間をとって読んでみてください。", "週末の写真を2枚。日の出前に登って、尾根をひとりじめしました。", "試しに撮ってみました", "うらやましい。どのコースですか？", "北側から回る長い道です。"},
}

// clipBytes and painted are made once.
var painted = sync.OnceValue(func() [2][]byte {
	return [2][]byte{picture(600, 400, 0), picture(400, 500, 1)}
})

// TestEveryScreen keeps a picture of every screen in both schemes, and lets
// axe-core look at it; of the feed, at both sizes in every language.
func TestEveryScreen(t *testing.T) {
	t.Parallel()
	for _, l := range []look{
		{"phone", "light", "en"}, {"desktop", "light", "ko"}, {"phone", "light", "ja"},
	} {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.workers = true
			me := s.furnish(l.language)
			outside(s, l)
			inside(s.enter(me, l))
		})
	}
}

// furnish fills the site with people and stories, and returns whose feed it is.
func (s *site) furnish(language string) app.User {
	s.t.Helper()
	names := map[string][]string{"en": {"alex", "Rosa.Lind", "hana_k", "tomás"}, "ko": {"김서연", "이준호", "박하은", "최민"}, "ja": {"佐藤あおい", "鈴木", "高橋_蓮", "田中"}}[language]
	me, a, b, c := s.user(names[0]), s.user(names[1]), s.user(names[2]), s.user(names[3])
	s.befriend(me, a)
	s.befriend(me, b)
	s.befriend(a, b)
	if _, _, err := s.store.RequestFriend(s.t.Context(), c, me); err != nil {
		s.t.Fatal(err)
	}
	w, pictures := words[language], painted()
	minutes := 0
	s.store.NewID = app.NewIDs(func() time.Time { return time.Now().Add(time.Duration(minutes-200) * time.Minute) }).New
	later := func(n int) { minutes += n }
	s.write(me, "%s", w[5])
	s.write(a, "%s", strings.Repeat(w[0]+" ", 12))
	later(60)
	clip := s.media(b, app.File{Type: "video/webm", Width: 320, Height: 180}, readFile(s.t, "testdata/clip.webm"))
	s.post(b, app.Draft{Kind: app.Video, Body: w[3], Media: []string{clip}})
	later(40)
	s.post(a, app.Draft{Kind: app.Link, Body: w[1], Link: "https://www.example.com/essays/on-walking?ref=friends"})
	later(50)
	var keys []string
	for i, raw := range pictures {
		keys = append(keys, s.media(b, app.File{Type: "image/png", Width: 600 - 200*i, Height: 400 + 100*i}, raw))
	}
	photos := s.post(b, app.Draft{Kind: app.Photo, Body: w[2], Media: keys})
	later(30)
	first := s.write(a, "%s", w[0])
	ctx := s.t.Context()
	for _, err := range []error{
		s.store.React(ctx, b, first, "love"), s.store.React(ctx, me, first, "like"), s.store.React(ctx, a, photos, "wow"),
		comment(s, me, photos, w[4]), comment(s, b, photos, w[5]),
	} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return me
}

func comment(s *site, author app.User, story app.ID, body string) error {
	_, err := s.store.Comment(s.t.Context(), author, story, body)
	return err
}

// outside are the screens of who isn't signed in.
func outside(s *site, l look) {
	p := s.somebody(l)
	p.open("/")
	p.see("#sign", "")
	p.inspect("sign-in")
	p.click("#sign-other", "")
	p.click("#sign-submit", "")
	p.see("#sign-error", "")
	p.until("document.getElementById('sign-error').textContent !== ''")
	p.inspect("sign-up-refused")
}

// inside are the screens of who is.
func inside(p *person) {
	p.until("[...document.images].every((i) => i.complete || i.loading === 'lazy')")
	p.inspect("feed")
	before := p.look
	p.wear(look{map[string]string{"phone": "desktop", "desktop": "phone"}[before.size], before.scheme, before.language})
	p.inspect("feed")
	p.wear(before)
	p.click("#feed > article:first-child .react > .act:nth-child(2)", "")
	p.inspect("feed-reactions", "#feed > article:first-child")
	p.press("\x1b")
	photos := "#feed > article:nth-child(2)"
	p.click(photos+" footer > .act", "")
	p.see(photos+" .comments li", "")
	p.until("(document.querySelector(%q).scrollIntoView({block: 'start'}), [...document.querySelectorAll(%q)].every((i) => i.complete))", photos, photos+" img")
	p.inspect("feed-comments", photos)
	p.until("(document.querySelector('#feed > article:nth-child(4)').scrollIntoView({block: 'center'}), document.querySelector('video').readyState > 1)")
	p.inspect("feed-video", "#feed > article:nth-child(4)")
	compose(p)
	if p.look.size == "phone" {
		befriendView(p)
		p.inspect("friends")
	}
	p.click("#friends button", "")
	p.see("#ask", "")
	p.inspect("ask")
	p.click("#ask-no", "")
	p.click(`nav a[href="#you"]`, "")
	p.see("#mine article", "")
	p.inspect("you")
	fence(p)
	away(p)
}

func compose(p *person) {
	p.fill("#compose-body", words[p.look.language][5])
	p.click("#compose-add-link", "")
	p.fill("#compose-link", "no address")
	p.click("#compose-post", "")
	p.until("document.getElementById('compose-error').textContent !== ''")
	p.inspect("compose-refused", "#composer")
	p.fill("#compose-body", "")
	p.press("\b")
	p.click("#compose-add-link", "")
}

func fence(p *person) {
	p.click(`nav a[href="#feed"]`, "")
	p.site.refuse("w", app.Fenced("ap-northeast-1"))
	p.click("#feed > article:first-child .react > .act:first-child", "")
	p.see("#banner-read-only", "")
	p.see("#alerts .toast", "")
	p.inspect("read-only")
	p.site.refuse("w", nil)
}

func away(p *person) {
	p.site.set(func() { p.site.down = true })
	p.open("/")
	p.see("#away", "")
	p.inspect("away")
}

// inspect keeps a picture of the screen in both schemes, and has axe-core look
// at them: at everything in light, at what else dark can change. Where only a part
// of a screen differs from one that was looked at already, changed selects it.
func (p *person) inspect(screen string, changed ...string) {
	p.t.Helper()
	light := p.look
	for _, of := range []struct{ scheme, rules string }{{"light", ""}, {"dark", `"color-contrast", "link-in-text-block"`}} {
		if light.language == "ja" && of.scheme == "dark" && screen != "feed" {
			continue
		}
		p.wear(look{light.size, of.scheme, light.language})
		p.shoot(p.look.String() + "-" + screen)
		if light.language == "ja" {
			continue // its words only are others than in the looks before
		}
		if violations := p.axe(of.rules, changed...); violations != "" {
			p.t.Errorf("%s: %s\n%s", p.look, screen, violations)
		}
	}
	p.wear(light)
}

var axe = sync.OnceValues(func() (string, error) {
	raw, err := os.ReadFile("testdata/axe.min.js")
	return string(raw), err
})

// axe says what axe-core has against the page, or these parts of it, by these
// rules, or by all it has.
func (p *person) axe(rules string, parts ...string) string {
	p.t.Helper()
	source, err := axe()
	if err != nil {
		p.t.Fatal(err)
	}
	if !eval[bool](p, "'axe' in window") {
		p.do(chromedp.Evaluate[chromedp.Void](source))
	}
	only := ""
	if rules != "" {
		only = ", runOnly: [" + rules + "]"
	}
	where := "document"
	if len(parts) > 0 {
		p.until("document.querySelector(%q)", strings.Join(parts, ","))
		where = quote(strings.Join(parts, ","))
	}
	found := eval[[]string](p, `axe.run(`+where+`, { resultTypes: ["violations"]`+only+` }).then(({ violations }) => violations.flatMap((v) =>
		v.nodes.map((n) => v.id + " (" + v.impact + "): " + n.html.slice(0, 200) + " " + n.failureSummary)))`)
	return strings.Join(found, "\n")
}

func TestAFaultThatIsPlantedIsFound(t *testing.T) {
	t.Parallel()
	p := newSite(t).visit(onPhone)
	p.see("#sign", "")
	p.until(`(document.getElementById("sign").append(Object.assign(new Image(), { src: "/icon.svg" })), true)`)
	if found := p.axe(""); !strings.Contains(found, "image-alt") {
		t.Errorf("axe-core found %q in a page with a picture that has no text", found)
	}
}
