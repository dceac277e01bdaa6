package main

import (
	"encoding/json"
	"slices"
)

// metric is the name of a series in CloudWatch. infra's alarms are held to
// these by a test.
type metric string

const (
	peerReachable metric = "PeerReachable" // 1: something answered, whatever it said
	peerHealthy   metric = "PeerHealthy"   // 1: it may take traffic
	peerLatency   metric = "PeerLatency"
	siteHealthy   metric = "SiteHealthy" // 1: users get the page
	siteLatency   metric = "SiteLatency"
)

var units = map[metric]string{peerLatency: "Milliseconds", siteLatency: "Milliseconds"}

type definition struct {
	Name string
	Unit string
}

// write writes the values as one line of embedded metric format, with what a
// person wants to read beside them.
func (w *watch) write(values map[metric]float64, peer, site answer) error {
	line := map[string]any{"Region": w.region, "peer": w.peer, "peerAnswer": peer.why(), "site": w.site, "siteAnswer": site.why()}
	var definitions []definition
	for name, value := range values {
		unit := units[name]
		if unit == "" {
			unit = "None"
		}
		line[string(name)] = value
		definitions = append(definitions, definition{string(name), unit})
	}
	slices.SortFunc(definitions, func(a, b definition) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	line["_aws"] = map[string]any{
		"Timestamp": w.now().UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{
			"Namespace": "NewsFeed", "Dimensions": [][]string{{"Region"}}, "Metrics": definitions}},
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(raw, '\n'))
	return err
}
