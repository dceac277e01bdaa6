package rules

import (
	"fmt"
	"slices"
	"strings"
)

var widgetTypes = []string{"metric", "text", "log", "alarm", "explorer", "custom", "chart"}

// widget is one of a dashboard's.
type widget struct {
	Type                string
	X, Y, Width, Height *float64
	Properties          map[string]any
}

// columns is how wide a dashboard is, and defaultWidth a widget that does not say.
const (
	columns      = 24
	defaultWidth = 6
)

func brokenDashboard(text, _ string) error {
	var body struct{ Widgets []widget }
	if err := decode(text, &body); err != nil {
		return err
	}
	if body.Widgets == nil || len(body.Widgets) > 500 {
		return fmt.Errorf("it has %d widgets, must have a list of 500 at most", len(body.Widgets))
	}
	for i, w := range body.Widgets {
		if err := w.broken(); err != nil {
			return fmt.Errorf("widgets[%d] %w", i, err)
		}
	}
	return nil
}

func (w widget) broken() error {
	within := func(value *float64, low, high float64) bool { return value == nil || *value >= low && *value <= high }
	width := float64(defaultWidth)
	if w.Width != nil {
		width = *w.Width
	}
	switch {
	case !slices.Contains(widgetTypes, w.Type):
		return fmt.Errorf("is of type %q, must be one of %s", w.Type, strings.Join(widgetTypes, ", "))
	case w.Properties == nil:
		return fmt.Errorf("has no properties")
	case !within(w.Width, 1, columns) || !within(w.Height, 1, 1000) || !within(w.X, 0, columns-1) || !within(w.Y, 0, 1e9):
		return fmt.Errorf("has no place on a grid of %d columns", columns)
	case w.X != nil && *w.X+width > columns:
		return fmt.Errorf("ends at column %v, past the %d that there are", *w.X+width, columns)
	}
	switch w.Type {
	case "metric":
		return w.brokenMetric()
	case "text":
		if _, is := w.Properties["markdown"].(string); !is {
			return fmt.Errorf("of type text has no markdown")
		}
	case "alarm":
		if alarms, _ := w.Properties["alarms"].([]any); len(alarms) < 1 || len(alarms) > 100 {
			return fmt.Errorf("has %d alarms, may have 1 to 100", len(alarms))
		}
	}
	return nil
}

// brokenMetric is what PutDashboard says: "The metric widget should have specified a
// region and a data source or an alarm annotation", and of a metric that it is an
// array of strings with an optional object as last element.
func (w widget) brokenMetric() error {
	metrics, has := w.Properties["metrics"].([]any)
	_, annotated := w.Properties["annotations"].(map[string]any)
	if region, _ := w.Properties["region"].(string); region == "" || !has && !annotated {
		return fmt.Errorf("of type metric must have a region, and metrics or annotations")
	}
	for _, metric := range metrics {
		elements, is := metric.([]any)
		if last := len(elements) - 1; last >= 0 {
			if _, options := elements[last].(map[string]any); options {
				elements = elements[:last]
			}
		}
		if _, err := textsOf(elements); !is || err != nil {
			return fmt.Errorf("has the metric %v, must be a list of texts, and what is said of it last", metric)
		}
	}
	return nil
}
