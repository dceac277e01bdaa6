package process_test

import (
	"slices"
	"sync"
	"testing"

	"newsfeed/localcloud/process"
)

func TestFleet(t *testing.T) {
	t.Parallel()
	var fleet process.Fleet[string]
	for _, arn := range []string{"arn:aws:rds:seoul:0:db:a", "arn:aws:rds:seoul:0:db:b", "arn:aws:rds:tokyo:0:db:seoul"} {
		fleet.Put(arn, arn[len("arn:aws:rds:"):])
	}
	var mu sync.Mutex
	var ended []string
	end := func(one string) {
		mu.Lock()
		defer mu.Unlock()
		ended = append(ended, one)
	}
	fleet.End("seoul", end)
	slices.Sort(ended)
	if want := []string{"seoul:0:db:a", "seoul:0:db:b"}; !slices.Equal(ended, want) {
		t.Errorf("ended %v, want %v", ended, want)
	}
	if _, ok := fleet.Get("arn:aws:rds:seoul:0:db:a"); ok || len(fleet.All()) != 1 {
		t.Errorf("%v is left", fleet.All())
	}
	fleet.End("", end)
	if len(ended) != 3 || len(fleet.All()) != 0 {
		t.Errorf("ended %v, %v is left", ended, fleet.All())
	}
}
