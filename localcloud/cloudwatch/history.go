package cloudwatch

import (
	"encoding/json"
	"time"
)

// maxHistory is how many items an alarm keeps; AWS keeps 30 days.
const maxHistory = 100

// history is what has happened to an alarm, the oldest first.
type history struct{ items []historyItem }

type historyItem struct {
	at                  time.Time
	kind, summary, data string
}

func (h *history) add(item historyItem) {
	if len(h.items) == maxHistory {
		h.items = h.items[1:]
	}
	h.items = append(h.items, item)
}

type historyState struct {
	Value  State           `json:"stateValue"`
	Reason string          `json:"stateReason"`
	Data   json.RawMessage `json:"stateReasonData,omitempty"`
}

func (s status) history() historyState {
	out := historyState{Value: s.State, Reason: s.Reason}
	if json.Valid([]byte(s.ReasonData)) {
		out.Data = json.RawMessage(s.ReasonData)
	}
	return out
}

func (h *history) stateUpdate(a *alarm, from status, now time.Time) {
	h.add(historyItem{now, "StateUpdate", "Alarm updated from " + string(from.State) + " to " + string(a.status.State),
		encode(struct {
			Version string       `json:"version"`
			Old     historyState `json:"oldState"`
			New     historyState `json:"newState"`
		}{"1.0", from.history(), a.status.history()})})
}

func (h *history) action(a *alarm, arn string, now time.Time, summary string) {
	h.add(historyItem{now, "Action", summary,
		encode(map[string]any{"actionState": "Succeeded", "notificationResource": arn,
			"stateUpdateTimestamp": a.status.Updated.UnixMilli()})})
}

func (h *history) configured(a *alarm, now time.Time, created bool) {
	kind, summary := "Update", "Alarm \""+a.name+"\" updated"
	if created {
		kind, summary = "Create", "Alarm \""+a.name+"\" created"
	}
	h.add(historyItem{now, "ConfigurationUpdate", summary, encode(map[string]string{"version": "1.0", "type": kind})})
}
