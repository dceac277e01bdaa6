package cloudwatch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

const wellFormed = `{"_aws":{"Timestamp":1795338000000,"CloudWatchMetrics":[` +
	`{"Namespace":"NewsFeed","Dimensions":[["Region"],["Region","Group"]],"Metrics":[{"Name":"Faults","Unit":"Count"},` +
	`{"Name":"Latency","Unit":"Milliseconds"}]},` +
	`{"Namespace":"Other","Dimensions":[[]],"Metrics":[{"Name":"Faults"}]}]},` +
	`"Region":"ap-northeast-2","Group":"web","Faults":3,"Latency":[1,2,3,100],"more":{"nested":[1,"x",null]}}`

func TestEmbeddedMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60)
	w.EMF(seoul, []byte(wellFormed))
	w.EMF(seoul, []byte("plain text"))
	w.EMF(seoul, []byte(`{"level":"info","msg":"no metric"}`))
	var got []string
	for _, one := range w.store.list(seoul) {
		all := one.fine.read(0, number(w.now.Add(w.tick), w.tick))
		got = append(got, fmt.Sprintf("%s %g/%g %s", one.metric, all.sum, all.count, one.unit))
	}
	want := []string{
		"NewsFeed Faults {Group=web, Region=ap-northeast-2} 3/1 Count", "NewsFeed Faults {Region=ap-northeast-2} 3/1 Count",
		"NewsFeed Latency {Group=web, Region=ap-northeast-2} 106/4 Milliseconds", "NewsFeed Latency {Region=ap-northeast-2} 106/4 Milliseconds",
		"Other Faults {} 3/1 ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || w.Malformed() != 0 {
		t.Fatalf("%d malformed, got\n%s\nwant\n%s", w.Malformed(), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A line that breaks the specification is dropped as a whole.
func TestMalformedLines(t *testing.T) {
	t.Parallel()
	for sentence, line := range map[string]string{
		"no JSON":                      `{"_aws":`,
		"no object":                    `["_aws"]`,
		"more after its end":           wellFormed + "x",
		"no timestamp":                 strings.Replace(wellFormed, `"Timestamp":1795338000000,`, "", 1),
		"a timestamp that is text":     strings.Replace(wellFormed, "1795338000000", `"now"`, 1),
		"metadata that is a number":    `{"_aws":1}`,
		"directives that are none":     `{"_aws":{"Timestamp":1,"CloudWatchMetrics":{"a":1}}}`,
		"no namespace":                 strings.Replace(wellFormed, `"Namespace":"Other",`, "", 1),
		"no dimension sets":            strings.Replace(wellFormed, `"Dimensions":[[]],`, "", 1),
		"a metric without value":       strings.Replace(wellFormed, `"Faults":3,`, "", 1),
		"a metric that is text":        strings.Replace(wellFormed, `"Faults":3,`, `"Faults":"3",`, 1),
		"a metric that is null":        strings.Replace(wellFormed, `"Faults":3,`, `"Faults":null,`, 1),
		"null among values":            strings.Replace(wellFormed, `[1,2,3,100]`, `[1,null]`, 1),
		"no value at all":              strings.Replace(wellFormed, `[1,2,3,100]`, `[]`, 1),
		"too many values":              strings.Replace(wellFormed, `[1,2,3,100]`, "["+strings.Repeat("1,", 100)+"1]", 1),
		"a dimension without value":    strings.Replace(wellFormed, `"Group":"web",`, "", 1),
		"a dimension that is empty":    strings.Replace(wellFormed, `"Group":"web",`, `"Group":"",`, 1),
		"a dimension that is a number": strings.Replace(wellFormed, `"Group":"web",`, `"Group":7,`, 1),
		"a unit that is none":          strings.Replace(wellFormed, `"Unit":"Count"`, `"Unit":"Percents"`, 1),
		"a number beyond all":          strings.Replace(wellFormed, `"Faults":3,`, `"Faults":1e999,`, 1),
		"longer than a line may be":    wellFormed[:len(wellFormed)-1] + `,"x":"` + strings.Repeat("x", maxLine) + `"}`,
		"deeper than JSON may be":      `{"_aws":` + strings.Repeat("[", 100_000),
	} {
		w := newWorld(t, 60)
		w.EMF(seoul, []byte(line))
		if w.Malformed() != 1 || len(w.store.list(seoul)) != 0 {
			t.Errorf("%s: %d malformed, %d series", sentence, w.Malformed(), len(w.store.list(seoul)))
		}
	}
}

// Ten thousand lines that were broken somewhere crash nothing, and leave no more
// than may stay.
func TestManyMalformedLines(t *testing.T) {
	t.Parallel()
	w, random := newWorld(t, 60), rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		line := []byte(wellFormed)
		for range 1 + random.IntN(4) {
			switch at := random.IntN(len(line)); random.IntN(3) {
			case 0:
				line[at] = byte(random.IntN(256))
			case 1:
				line = append(line[:at:at], line[min(len(line), at+random.IntN(20)):]...)
			default:
				line = append(line[:at:at], append([]byte(`[{"":`), line[at:]...)...)
			}
			if len(line) == 0 {
				break
			}
		}
		w.EMF(seoul, line)
	}
	if n := len(w.store.all); n > maxSeries || w.Malformed() == 0 {
		t.Fatalf("%d series, %d malformed", n, w.Malformed())
	}
}

func FuzzEmbedded(f *testing.F) {
	for _, seed := range []string{wellFormed, `{"_aws":{}}`, `{"_aws":{"Timestamp":-1e300,"CloudWatchMetrics":[null]}}`,
		`{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"a","Dimensions":[null],"Metrics":[{"Name":"_aws"}]}]}}`} {
		f.Add([]byte(seed))
	}
	w := newWorld(f, 60)
	f.Fuzz(func(_ *testing.T, line []byte) {
		w.EMF(seoul, line)
		w.EMF(seoul, bytes.Repeat(line, 2))
	})
}
