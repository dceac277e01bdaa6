package metrics_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"newsfeed/app/metrics"
)

func TestALineHasEveryFigureAndThenStartsAfresh(t *testing.T) {
	t.Parallel()
	s := metrics.NewSet()
	s.Add(metrics.StoriesPosted, 2)
	s.Add(metrics.StoriesPosted, 1)
	for i := range 1000 {
		s.Observe(metrics.FeedReadLatency, float64(i))
	}
	var out bytes.Buffer
	if err := s.Write(&out, "ap-northeast-2", "web", time.UnixMilli(5)); err != nil {
		t.Fatal(err)
	}
	var line struct {
		Aws struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
		Region, Group   string
		StoriesPosted   float64
		FeedReadLatency []float64
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.Region != "ap-northeast-2" || line.Group != "web" || line.StoriesPosted != 3 || len(line.FeedReadLatency) != 100 ||
		line.Aws.Timestamp != 5 || line.Aws.CloudWatchMetrics[0].Namespace != "NewsFeed" || len(line.Aws.CloudWatchMetrics[0].Metrics) != 2 {
		t.Errorf("%s", out.String())
	}
	out.Reset()
	if err := s.Write(&out, "r", "g", time.Now()); err != nil || out.Len() > 0 {
		t.Errorf("a second line at once: %q, %v", out.String(), err)
	}
	var none *metrics.Set
	none.Add(metrics.SignUps, 1) // must not panic
}

func TestWhatIsAlwaysToldIsToldWhenItIsNone(t *testing.T) {
	t.Parallel()
	s := metrics.NewSet(metrics.Faults, metrics.FaultyUsers)
	for _, want := range []float64{0, 2, 0} {
		if want > 0 {
			for _, who := range []string{"kim", "lee", "kim"} {
				s.Distinct(metrics.FaultyUsers, who)
			}
		}
		var out bytes.Buffer
		if err := s.Write(&out, "r", "g", time.Now()); err != nil {
			t.Fatal(err)
		}
		var line struct{ Faults, FaultyUsers *float64 }
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Faults == nil || *line.Faults != 0 || line.FaultyUsers == nil || *line.FaultyUsers != want {
			t.Errorf("want %v distinct users: %s", want, out.String())
		}
	}
	var none *metrics.Set
	none.Distinct(metrics.FaultyUsers, "kim") // must not panic
}
