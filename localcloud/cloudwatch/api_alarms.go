package cloudwatch

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"newsfeed/localcloud/endpoint"
)

type empty struct{}

type alarmsInput struct {
	AlarmNames          []string
	AlarmNamePrefix     string
	AlarmTypes          []string
	ChildrenOfAlarmName string
	ParentsOfAlarmName  string
	StateValue          string
	ActionPrefix        string
	MaxRecords          int
	NextToken           string
}

type alarmsOutput struct {
	CompositeAlarms []compositeShape
	MetricAlarms    []alarmShape
	NextToken       *string
}

// describeAlarms tells of metric alarms alone unless composite ones are asked
// for, too (DescribeAlarms in the API reference).
func (s *Service) describeAlarms(_ context.Context, region string, in *alarmsInput) (*alarmsOutput, error) {
	var found []*alarm
	for _, a := range s.list(region) {
		if s.matches(a, in) {
			found = append(found, a)
		}
	}
	found, next, err := page(found, in.MaxRecords, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &alarmsOutput{CompositeAlarms: []compositeShape{}, MetricAlarms: []alarmShape{}, NextToken: next}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range found {
		if a.composite != nil {
			out.CompositeAlarms = append(out.CompositeAlarms, a.compositeShape())
		} else {
			out.MetricAlarms = append(out.MetricAlarms, a.shape())
		}
	}
	return out, nil
}

func (s *Service) matches(a *alarm, in *alarmsInput) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	types := in.AlarmTypes
	if len(types) == 0 {
		types = []string{"MetricAlarm"}
	}
	kind := "MetricAlarm"
	if a.composite != nil {
		kind = "CompositeAlarm"
	}
	related := true
	if in.ChildrenOfAlarmName != "" {
		related = s.alarms[address{a.region, named(in.ChildrenOfAlarmName)}].refersTo(a.name)
	}
	if in.ParentsOfAlarmName != "" {
		related = related && a.refersTo(named(in.ParentsOfAlarmName))
	}
	return related && slices.Contains(types, kind) &&
		(len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, a.name)) &&
		strings.HasPrefix(a.name, in.AlarmNamePrefix) &&
		(in.StateValue == "" || in.StateValue == string(a.status.State)) &&
		(in.ActionPrefix == "" || slices.ContainsFunc(states, func(st State) bool {
			return slices.ContainsFunc(a.actions[st], func(arn string) bool { return strings.HasPrefix(arn, in.ActionPrefix) })
		}))
}

func (a *alarm) refersTo(name string) bool {
	return a != nil && a.composite != nil &&
		slices.ContainsFunc(a.composite.rule.alarms(), func(child string) bool { return named(child) == name })
}

// mostRecords is what a page has at most; DescribeAlarms has 50 by default.
const mostRecords = 100

// page cuts a list; the token is where the next one begins.
func page[T any](all []T, most int, token string) ([]T, *string, error) {
	from := 0
	if token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(all) {
			return nil, nil, endpoint.Errorf("InvalidNextToken", "the token is invalid")
		}
	}
	if most <= 0 || most > mostRecords {
		most = mostRecords
	}
	all = all[from:]
	if len(all) <= most {
		return all, nil, nil
	}
	return all[:most], new(strconv.Itoa(from + most)), nil
}

type historyInput struct {
	AlarmName       string
	AlarmTypes      []string
	HistoryItemType string
	StartDate       *time.Time
	EndDate         *time.Time
	ScanBy          string
	MaxRecords      int
	NextToken       string
}

type historyOutput struct {
	AlarmHistoryItems []historyShape
	NextToken         *string
}

type historyShape struct {
	AlarmName, AlarmType string
	Timestamp            time.Time
	HistoryItemType      string
	HistorySummary       string
	HistoryData          string
}

func (s *Service) describeAlarmHistory(_ context.Context, region string, in *historyInput) (*historyOutput, error) {
	all := []historyShape{}
	for _, a := range s.list(region) {
		if in.AlarmName != "" && in.AlarmName != a.name {
			continue
		}
		kind := "MetricAlarm"
		if a.composite != nil {
			kind = "CompositeAlarm"
		}
		if len(in.AlarmTypes) > 0 && !slices.Contains(in.AlarmTypes, kind) {
			continue
		}
		s.mu.Lock()
		items := slices.Clone(a.history.items)
		s.mu.Unlock()
		for _, i := range items {
			if (in.HistoryItemType == "" || in.HistoryItemType == i.kind) &&
				(in.StartDate == nil || !i.at.Before(*in.StartDate)) && (in.EndDate == nil || !i.at.After(*in.EndDate)) {
				all = append(all, historyShape{a.name, kind, i.at, i.kind, i.summary, i.data})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b historyShape) int { return a.Timestamp.Compare(b.Timestamp) })
	if in.ScanBy != "TimestampAscending" {
		slices.Reverse(all)
	}
	all, next, err := page(all, in.MaxRecords, in.NextToken)
	return &historyOutput{all, next}, err
}

type stateInput struct{ AlarmName, StateValue, StateReason, StateReasonData string }

// setAlarmState lasts until the next evaluation.
func (s *Service) setAlarmState(ctx context.Context, region string, in *stateInput) (*empty, error) {
	if !slices.Contains(states, State(in.StateValue)) {
		return nil, endpoint.Errorf("ValidationError", "state %q: one of OK, ALARM, INSUFFICIENT_DATA", in.StateValue)
	}
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	s.mu.Lock()
	a := s.alarms[address{region, in.AlarmName}]
	if a == nil {
		s.mu.Unlock()
		return nil, &endpoint.Error{Code: "ResourceNotFound", Message: "Unknown", Status: 404}
	}
	t := &turn{service: s, now: s.clock.Now(), end: s.evaluated}
	t.transition(a, State(in.StateValue), in.StateReason, in.StateReasonData)
	t.composites()
	t.save()
	s.mu.Unlock()
	s.act(ctx, t.actions)
	return &empty{}, nil
}

type namesInput struct{ AlarmNames []string }

func (s *Service) enableActions(enabled bool) func(context.Context, string, *namesInput) (*empty, error) {
	return func(_ context.Context, region string, in *namesInput) (*empty, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, name := range in.AlarmNames {
			if a := s.alarms[address{region, name}]; a != nil {
				a.actionsEnabled = enabled
			}
		}
		return &empty{}, nil
	}
}
