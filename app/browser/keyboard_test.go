package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until the focus is there; on the way, every place that has
// the focus shows it.
func (p *person) tabTo(selector string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	for range 60 {
		p.press(kb.Tab, modifiers...)
		state := eval[string](p, `(() => {
			const e = document.activeElement;
			if (e === document.body) return "outside";
			const shown = e.type === "file" ? e.parentElement : e;
			if (getComputedStyle(shown).outlineStyle === "none") return "unseen: " + e.outerHTML.slice(0, 200);
			return e.matches(`+quote(selector)+`) ? "there" : "elsewhere";
		})()`)
		if state == "there" {
			return
		}
		if state != "outside" && state != "elsewhere" {
			p.fail("the focus is %s", state)
		}
	}
	p.fail("Tab never comes to %s", selector)
}

func TestTheKeyboardAloneIsEnough(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me, a := s.user("kim"), s.user("lee")
	s.befriend(me, a)
	s.write(a, "older")
	s.write(a, "newer")
	p := s.visit(onDesktop)
	p.see("#sign", "")
	p.tabTo("#sign-name")
	p.press("kim")
	p.tabTo("#sign-password")
	p.press(secret)
	p.press(kb.Enter)
	p.see("#feed", "newer")

	p.tabTo("#compose-body")
	p.press("written by keys")
	p.tabTo("#compose-post")
	p.press(kb.Enter)
	p.see("#feed", "written by keys")
	p.until("document.activeElement.id === 'compose-body'")

	p.tabTo("#feed > article")
	p.press("j")
	p.until("document.activeElement.textContent.includes('newer')")
	p.press(kb.PageDown)
	p.until("document.activeElement.textContent.includes('older')")
	p.press("k")
	p.tabTo("#feed > article:nth-child(2) .react > .act")
	p.press(kb.Enter)
	p.until(`document.activeElement.getAttribute("aria-pressed") === "true"`)
	p.tabTo("#feed > article:nth-child(2) .react > .act:nth-child(2)")
	p.press(" ")
	p.until(`document.activeElement.dataset.kind === "like"`)
	p.press(kb.Escape)
	p.gone(".choices", "")
	p.until(`document.activeElement.matches(".act[aria-expanded]")`)
	p.press(kb.Enter)
	p.press(kb.ArrowRight)
	p.press(kb.Enter)
	p.see("#feed > article:nth-child(2) .counts", "❤️")
	p.until("document.getElementById('live').textContent.includes('Love')")
	p.tabTo("#feed > article:nth-child(2) footer > .act")
	p.press(kb.Enter)
	p.tabTo("#feed > article:nth-child(2) textarea")
	p.press("a comment")
	p.press(kb.Enter, kb.ModifierCtrl)
	p.see("#feed > article:nth-child(2) .comments li", "a comment")

	for range 20 { // back to one's own story
		p.press(kb.Tab, kb.ModifierShift)
		if eval[bool](p, `document.activeElement.matches("#feed > article:first-child > header button")`) {
			break
		}
	}
	p.press(kb.Enter)
	p.until("document.getElementById('ask').contains(document.activeElement)")
	p.press(kb.Escape)
	p.until(`document.activeElement.matches("#feed > article:first-child > header button")`)
	p.press(kb.Enter)
	p.tabTo("#ask-yes")
	p.press(kb.Enter)
	p.gone("#feed", "written by keys")
	p.until("document.activeElement.textContent.includes('newer')")
}
