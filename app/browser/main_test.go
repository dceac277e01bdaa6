package browser

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// chromium is the one browser of all tests; each person has a browser context of
// their own in it.
var chromium context.Context

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// atOnce is how many tests run at the same time, unless -parallel says otherwise:
// more than there are processors, since each spends a third of its time waiting.
const atOnce = "4"

func runAll(m *testing.M) (code int, err error) {
	program, err := findChromium()
	if err != nil {
		return 1, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.DisableGPU,
		chromedp.Flag("disable-features", "Translate,SpareRendererForSitePerProcess,OptimizationHints,MediaRouter"),
		chromedp.Flag("in-process-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("mute-audio", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop() // waits for the browser's end, and removes its profile
	ctx, leave := chromedp.NewContext(allocator)
	defer leave()
	if err := chromedp.Do(ctx); err != nil {
		return 1, fmt.Errorf("%s does not start: %w", program, err)
	}
	chromium = ctx
	if flag.Parse(); !given("test.parallel") {
		flag.Set("test.parallel", atOnce) // a number: cannot fail
	}
	code = m.Run()
	return code, chromedp.Cancel(ctx)
}

func given(name string) (yes bool) {
	flag.Visit(func(f *flag.Flag) { yes = yes || f.Name == name })
	return yes
}

func findChromium() (string, error) {
	for _, name := range []string{"/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("Chromium is not installed, which the tests of the page need: run '.local/bin/localcloud install --test' (Debian, as root)")
}
