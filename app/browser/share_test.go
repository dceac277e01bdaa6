package browser

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTwoPeopleBecomeFriendsAndShareStories(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	kim, sato := s.visit(look{"phone", "light", "ko"}), s.visit(look{"desktop", "dark", "ja"})
	kim.sign(true, "김민지")
	sato.sign(true, "佐藤")
	becomeFriends(kim, sato)
	postEveryKind(t, kim)
	sato.see("#new", "4")
	sato.click("#new", "")
	sato.see("#feed", "오늘은 산책하기 좋은 날")
	checkKinds(sato)
	reactAndComment(sato, kim)
	deleteAndPart(kim, sato)
}

func becomeFriends(kim, sato *person) {
	kim.t.Helper()
	befriendView(sato)
	sato.fill("#befriend-name", "김민지")
	sato.click("#befriend .primary", "")
	sato.see("#notices .toast", "김민지")
	befriendView(kim)
	kim.until("(dispatchEvent(new Event('online')), document.querySelector('#requests li'))")
	kim.see("nav .badge", "1")
	kim.click("#requests .primary", "")
	kim.see("#friends li", "佐藤")
	kim.gone("nav .badge", "")
	sato.click(`nav a[href="#feed"]`, "")
	kim.click(`nav a[href="#feed"]`, "")
}

// befriendView shows the friends, which have a place of their own on a desktop.
func befriendView(p *person) {
	p.t.Helper()
	p.click(`nav a[href="#friends"]`, "")
	p.see("#friends-view", "")
	p.until("document.activeElement.id === 'friends-title'")
}

func postEveryKind(t *testing.T, p *person) {
	t.Helper()
	dir := t.TempDir()
	photos := []string{filepath.Join(dir, "언덕.png"), filepath.Join(dir, "바다.png")}
	for i, path := range photos {
		if err := os.WriteFile(path, picture(600, 400, i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	post := func(body string) {
		t.Helper()
		p.fill("#compose-body", body)
		p.click("#compose-post", "")
		p.see("#feed", body)
		p.until("document.getElementById('compose-body').value === ''")
	}
	post("오늘은 산책하기 좋은 날 https://example.com/path, 그렇죠?")
	p.click("#compose-add-link", "")
	p.fill("#compose-link", "example.org/news?q=1")
	post("읽어 보세요")
	p.choose("#compose-photo", photos...)
	p.until("document.querySelectorAll('#compose-files li').length === 2")
	post("사진 두 장")
	clip, err := filepath.Abs("testdata/clip.webm")
	if err != nil {
		t.Fatal(err)
	}
	p.choose("#compose-video", clip)
	p.see("#compose-files li", "clip.webm")
	post("동영상")
}

// checkKinds sees that each kind of story is shown as what it is.
func checkKinds(p *person) {
	p.t.Helper()
	p.until(`(() => {
		const [video, photos, link, text] = document.querySelectorAll("#feed > article");
		const v = video.querySelector("video"), images = [...photos.querySelectorAll("img")];
		images.forEach((i) => i.loading = "eager");
		const a = link.querySelector("a.link"), inline = text.querySelector(".words a");
		return v.controls && v.preload === "metadata" && v.readyState > 0 && Number(v.getAttribute("width")) === v.videoWidth &&
			images.length === 2 && images.every((i) => i.complete && i.naturalWidth === 600 && i.getAttribute("height") === "400" && i.alt) &&
			a.href === "https://example.org/news?q=1" && a.rel.includes("nofollow") && a.rel.includes("noopener") &&
			inline.href === "https://example.com/path" && text.querySelector(".words").lang === "ko";
	})()`)
}

func reactAndComment(sato, kim *person) {
	sato.t.Helper()
	sato.click("#feed > article:first-child .react > .act:first-child", "")
	sato.see("#feed > article:first-child .counts li", "1")
	sato.click("#feed > article:first-child .react > .act:nth-child(2)", "")
	sato.click(`#feed > article:first-child .choices [data-kind="love"]`, "")
	sato.see("#feed > article:first-child .counts", "❤️")
	sato.gone("#feed > article:first-child .counts", "👍")
	sato.click("#feed > article:first-child footer > .act", "")
	sato.fill("#feed > article:first-child .comments textarea", "素敵ですね")
	sato.click("#feed > article:first-child .comments .primary", "")
	sato.see("#feed > article:first-child .comments li", "素敵ですね")
	kim.click(`nav a[href="#you"]`, "")
	kim.see("#mine > article:first-child .counts", "❤️")
	kim.click("#mine > article:first-child footer > .act", "1")
	kim.see("#mine > article:first-child .comments li", "素敵ですね")
	// A reaction that is taken back is gone.
	sato.click("#feed > article:first-child .react > .act:first-child", "")
	sato.gone("#feed > article:first-child .counts", "")
}

func deleteAndPart(kim, sato *person) {
	kim.t.Helper()
	kim.click("#mine > article:first-child > header button", "")
	kim.click("#ask-no", "")
	kim.gone("#ask", "")
	kim.click("#mine > article:first-child > header button", "")
	kim.click("#ask-yes", "")
	kim.until("document.querySelectorAll('#mine > article').length === 3")
	sato.do(reload)
	sato.until("document.querySelectorAll('#feed > article').length === 3")
	befriendView(sato)
	sato.click("#friends button", "")
	sato.click("#ask-yes", "")
	sato.gone("#friends li", "김민지")
	sato.click(`nav a[href="#feed"]`, "")
	sato.until("document.querySelectorAll('#feed > article').length === 0")
}
