package rules

import "testing"

// A row says what it is about, and who says so.
func TestEveryRowHasItsSentenceAndItsSource(t *testing.T) {
	t.Parallel()
	row := func(of, what, source string) {
		if what == "" || source == "" {
			t.Errorf("a row of %s: sentence %q, source %q", of, what, source)
		}
	}
	for _, table := range tables {
		for typ, rows := range table {
			for _, r := range rows {
				row(typ, r.what, r.source)
			}
		}
	}
	for _, table := range [][]format{formats, documents} {
		for _, f := range table {
			row("formats", f.what, f.source)
		}
	}
	for typ, paths := range documented() {
		for path, c := range paths {
			row(typ+" "+path, path, c.Source)
		}
	}
}

// A sentence that two kinds of mistakes share would hide one of them.
func TestEveryMistakeHasASentenceOfItsOwn(t *testing.T) {
	t.Parallel()
	if n, all := len(valueMistakes)+len(documentMistakes)+len(relationMistakes), len(mistakes()); n != all {
		t.Errorf("%d mistakes have %d sentences", n, all)
	}
}

// Values are of parameters that there are.
func TestEveryValueIsOfAParameter(t *testing.T) {
	t.Parallel()
	for name := range mysqlForms() {
		if _, known := mysqlParameters()[name]; !known {
			t.Errorf("mysql8.4 has no %s", name)
		}
	}
	for name := range redisForms() {
		if _, known := redisParameters()[name]; !known {
			t.Errorf("redis7 has no %s", name)
		}
	}
}

// Every block that a property's type names is known: nothing in one passes unread.
func TestEveryBlockOfAPropertyIsKnown(t *testing.T) {
	t.Parallel()
	n := 0
	for typ, properties := range propertyTypes() {
		for key, kind := range properties {
			name := blockOf(typ, key)
			if name == "" || name[0] < 'A' || name[0] > 'Z' {
				continue
			}
			n++
			if _, known := blocks()[module(typ)+"."+name]; !known {
				t.Errorf("%s.%s is of %s, which has no block", typ, key, kind)
			}
		}
	}
	if n < 170 {
		t.Errorf("only %d properties hold blocks", n)
	}
}
