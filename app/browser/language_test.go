package browser

import "testing"

func TestThePageSpeaksTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for language, title := range map[string]string{"en": "Sign in", "ko": "로그인", "ja": "ログイン"} {
		p := s.visit(look{"phone", "light", language})
		p.see("#sign-title", title)
		p.until("document.documentElement.lang === %q", language)
		p.until(`[...document.querySelectorAll("[data-t]")].every((e) => e.textContent) && document.body.dataset.state === "sign"`)
	}
	p := s.visit(onDesktop)
	p.see("#sign-title", "Sign in")
	p.until(`(() => { const s = document.getElementById("language-out"); s.value = "ja"; s.dispatchEvent(new Event("change")); return true; })()`)
	p.see("#sign-title", "ログイン")
	p.until("document.activeElement.id === 'language-out'")
	p.do(reload)
	p.see("#sign-title", "ログイン")
	p.until("document.documentElement.lang === 'ja'")
}
