package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

func TestThePageCanBeInstalled(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workers = true
	p := s.visit(onPhone)
	p.until("navigator.serviceWorker.controller !== null")
	manifest, err := chromedp.Call(p.ctx, page.GetAppManifest, page.GetAppManifestParams{})
	if err != nil || len(manifest.Errors) > 0 || manifest.Data == "" {
		t.Errorf("manifest: %v, %v, %q", err, manifest.Errors, manifest.Data)
	}
	faults, err := chromedp.Call(p.ctx, page.GetInstallabilityErrors, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults.InstallabilityErrors {
		if f.ErrorID != "in-incognito" { // as every context of a test is
			t.Errorf("not installable: %s %v", f.ErrorID, f.ErrorArguments)
		}
	}
}

func TestANewBinaryReplacesThePageWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workers = true
	p := s.enter(s.user("kim"), onDesktop)
	p.until("navigator.serviceWorker.controller !== null")
	version := strings.Split(eval[string](p, `document.querySelector("script").getAttribute("src")`), "/")[2]
	p.gone("#banner-update", "")
	p.fill("#compose-body", draft)
	const newer = "0123456789ab"
	s.set(func() { s.rewrite = strings.NewReplacer(version, newer) })
	p.until("navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => true)") // as browsers do when they open the page
	p.see("#banner-update", "")
	p.until("caches.keys().then((names) => names.join() === %q)", newer)
	p.keepsDraft()
	p.click("#banner-update button", "")
	p.until("document.querySelector('script').src.includes(%q)", newer)
	p.see("#feed-view", "")
	p.keepsDraft()
	p.gone("#banner-update", "")
}
