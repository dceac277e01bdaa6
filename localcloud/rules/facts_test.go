package rules

import "testing"

// A pattern that does not compile would be found out by whoever first needs it.
func TestEveryPatternCompiles(t *testing.T) {
	t.Parallel()
	n := 0
	for typ, paths := range constraints() {
		for path, c := range paths {
			n++
			func() {
				defer func() {
					if failed := recover(); failed != nil {
						t.Errorf("%s %s: %v", typ, path, failed)
					}
				}()
				c.whole()
				c.found()
			}()
		}
	}
	if n != 709 {
		t.Errorf("there are %d constraints", n)
	}
}

// Lookarounds are rewritten by hand: the rewritten pattern takes and refuses what
// the original does.
func TestPatternsThatLookAroundAreRewritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ, path    string
		takes, fails []string
	}{
		{"aws:acm/certificate:Certificate", "subjectAlternativeNames[]", []string{"*.example.com", "a-b.example.com"},
			[]string{"-a.example.com", "a-.example.com", "example"}},
		{"aws:cloudwatch/eventTarget:EventTarget", "httpTarget.pathParameterValues[]", []string{" a "}, []string{"  "}},
		{"aws:lambda/function:Function", "s3Bucket", []string{"my.bucket", "abc"}, []string{"bucket."}},
		{"aws:lambda/functionUrl:FunctionUrl", "qualifier", []string{"v1", "live"}, []string{"12"}},
	} {
		constraint := constraints()[c.typ][c.path]
		for _, text := range c.takes {
			if !constraint.whole().MatchString(text) {
				t.Errorf("%s %s refuses %q", c.typ, c.path, text)
			}
		}
		for _, text := range c.fails {
			if constraint.whole().MatchString(text) {
				t.Errorf("%s %s takes %q", c.typ, c.path, text)
			}
		}
	}
}
