package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"newsfeed/app"
)

func TestFilesAreCheckedBeforeTheyAreSent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.enter(s.user("kim"), onDesktop)
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	large := file("large.png", nil)
	if err := os.Truncate(large, app.MaxPhotoBytes+1); err != nil {
		t.Fatal(err)
	}
	good := file("good.png", picture(60, 40, 0))
	for says, path := range map[string]string{
		"can be posted":  file("words.txt", []byte("words")),
		"too large":      large,
		"cannot be read": file("fake.png", []byte("no picture")),
	} {
		p.choose("#compose-photo", path)
		p.see("#compose-error", says)
		p.until("document.querySelectorAll('#compose-files li').length === 0")
	}
	p.choose("#compose-photo", good)
	p.see("#compose-files li", "good.png")
	p.until("document.getElementById('compose-error').textContent === ''")
	clip, err := filepath.Abs("testdata/clip.webm")
	if err != nil {
		t.Fatal(err)
	}
	p.choose("#compose-video", clip)
	p.see("#compose-error", "not several")
	p.click("#compose-add-link", "")
	p.see("#compose-error", "not several")
	p.gone("#compose-link-field", "")
}

func TestAnUploadShowsItsProgressAndCanBeStopped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me := s.user("kim")
	p := s.enter(me, onPhone)
	path := filepath.Join(t.TempDir(), "hills.png")
	if err := os.WriteFile(path, picture(600, 400, 2), 0o600); err != nil {
		t.Fatal(err)
	}
	held := make(chan struct{})
	s.set(func() { s.uploads = held })
	p.choose("#compose-photo", path)
	p.until(`document.querySelector("#compose-files progress").getAttribute("aria-label") === "Uploading hills.png"`)
	p.until(`document.querySelector("#compose-files progress").value === 1`) // all is sent, nothing answered
	p.shoot("uploading")
	p.click(`#compose-files button[aria-label="Cancel hills.png"]`, "")
	p.until("document.querySelectorAll('#compose-files li').length === 0 && document.activeElement.id === 'compose-body'")

	p.choose("#compose-photo", path)
	p.fill("#compose-body", draft)
	p.click("#compose-post", "")
	p.until(`document.getElementById("compose-post").getAttribute("aria-disabled") === "true"`) // waits for the file
	close(held)
	p.see("#feed", draft)
	p.until("document.querySelectorAll('#compose-files li').length === 0")
	s.wantPosted(me, 1)
}

func TestAnUploadedFileOutlivesAReload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.enter(s.user("kim"), onPhone)
	path := filepath.Join(t.TempDir(), "hills.png")
	if err := os.WriteFile(path, picture(600, 400, 2), 0o600); err != nil {
		t.Fatal(err)
	}
	p.choose("#compose-photo", path)
	p.see(`#compose-files button[aria-label="Remove hills.png"]`, "")
	p.do(reload)
	p.see("#compose-files li", "hills.png")
	p.click("#compose-post", "")
	p.until("document.querySelector('#feed img').naturalWidth === 600")
}

func TestFilesGoToAndComeFromTheBucketOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.away = true
	p := s.enter(s.user("kim"), onPhone)
	path := filepath.Join(t.TempDir(), "hills.png")
	if err := os.WriteFile(path, picture(600, 400, 2), 0o600); err != nil {
		t.Fatal(err)
	}
	clip, err := filepath.Abs("testdata/clip.webm")
	if err != nil {
		t.Fatal(err)
	}
	p.choose("#compose-photo", path)
	p.click("#compose-post", "")
	p.until("document.querySelector('#feed img').naturalWidth === 600")
	p.choose("#compose-video", clip)
	p.see("#compose-files li", "clip.webm")
	p.click("#compose-post", "")
	p.until("document.querySelector('#feed video').videoWidth === 320")
}

func TestAStoryOfTheGreatestLengthIsCountedAndFolded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	me := s.user("kim")
	p := s.enter(me, onPhone)
	p.fill("#compose-body", strings.Repeat("👋🏽", app.MaxBody/2)+"x")
	p.see("#compose-left", "1 character too many")
	p.click("#compose-post", "")
	p.see("#compose-error", "too long")
	p.press("\b")
	p.see("#compose-left", "0 characters left")
	p.click("#compose-post", "")
	p.see("#feed article .words.folded", "")
	p.click("#feed article .words + .quiet", "")
	p.gone("#feed article .words.folded", "")
	s.wantPosted(me, 1)
}
