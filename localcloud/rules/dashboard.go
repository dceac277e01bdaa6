package rules

import (
	"fmt"
	"slices"
	"strings"
)

var widgetTypes = []string{"metric", "text", "log", "alarm", "explorer", "custom"}

func brokenDashboard(text, _ string) error {
	var body struct {
		Widgets []struct {
			Type                string
			X, Y, Width, Height *float64
			Properties          map[string]any
		}
	}
	if err := decode(text, &body); err != nil {
		return err
	}
	if body.Widgets == nil || len(body.Widgets) > 500 {
		return fmt.Errorf("it has %d widgets, may have 1 to 500", len(body.Widgets))
	}
	within := func(value *float64, low, high float64) bool { return value == nil || *value >= low && *value <= high }
	for i, w := range body.Widgets {
		alarms, _ := w.Properties["alarms"].([]any)
		switch {
		case !slices.Contains(widgetTypes, w.Type):
			return fmt.Errorf("widgets[%d] is of type %q, must be one of %s", i, w.Type, strings.Join(widgetTypes, ", "))
		case w.Properties == nil:
			return fmt.Errorf("widgets[%d] has no properties", i)
		case !within(w.Width, 1, 24) || !within(w.Height, 1, 1000) || !within(w.X, 0, 23) || !within(w.Y, 0, 1e9):
			return fmt.Errorf("widgets[%d] has no place on a grid of 24 columns", i)
		case len(alarms) > 100:
			return fmt.Errorf("widgets[%d] has %d alarms, may have 100", i, len(alarms))
		}
	}
	return nil
}
