package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"newsfeed/localcloud/cloud"
)

// Bodies returns what gives queues and redrive policies life.
func (s *Service) Bodies() map[string]cloud.Body {
	return map[string]cloud.Body{
		"aws:sqs/queue:Queue":                 queueBody{s},
		"aws:sqs/redrivePolicy:RedrivePolicy": redriveBody{s},
	}
}

// config is what a queue is declared to be; durations are in seconds.
type config struct {
	region, name, url, arn             string
	visibility, delay, retention, wait int
	maxSize                            int
	redrive                            redrive
}

// redrive is a redrive policy; the zero one moves nothing.
type redrive struct {
	policy      string // as it was written
	target      string // ARN of the dead-letter queue
	maxReceives int
}

func parseRedrive(policy string) (redrive, error) {
	if policy == "" {
		return redrive{}, nil
	}
	var p struct {
		DeadLetterTargetARN string      `json:"deadLetterTargetArn"`
		MaxReceiveCount     json.Number `json:"maxReceiveCount"` // AWS takes "5" and 5
	}
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		return redrive{}, fmt.Errorf("redrive policy %s: %w", policy, err)
	}
	n, err := p.MaxReceiveCount.Int64()
	if err != nil || n < 1 || n > 1000 || p.DeadLetterTargetARN == "" {
		return redrive{}, fmt.Errorf("redrive policy %s: it needs deadLetterTargetArn and maxReceiveCount (1 to 1000)", policy)
	}
	return redrive{policy: policy, target: p.DeadLetterTargetARN, maxReceives: int(n)}, nil
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func configOf(r *cloud.Resource) (config, error) {
	c := config{
		region: r.Region, name: r.String("name"), url: r.ID, arn: r.String("arn"),
		visibility: r.Int("visibilityTimeoutSeconds", 30),
		delay:      r.Int("delaySeconds", 0),
		retention:  r.Int("messageRetentionSeconds", 345_600),
		wait:       r.Int("receiveWaitTimeSeconds", 0),
		maxSize:    r.Int("maxMessageSize", 262_144),
	}
	if r.Bool("fifoQueue") {
		return c, fmt.Errorf("queue %s: the local cloud has standard queues only, not FIFO", c.name)
	}
	if !validName.MatchString(c.name) {
		return c, fmt.Errorf("queue name %q: 1 to 80 letters, digits, hyphens and underscores", c.name)
	}
	for _, limit := range []struct {
		property           string
		value, least, most int
	}{
		{"visibilityTimeoutSeconds", c.visibility, 0, 43_200},
		{"delaySeconds", c.delay, 0, 900},
		{"messageRetentionSeconds", c.retention, 60, 1_209_600},
		{"receiveWaitTimeSeconds", c.wait, 0, 20},
		{"maxMessageSize", c.maxSize, 1024, 1 << 20},
	} {
		if limit.value < limit.least || limit.value > limit.most {
			return c, fmt.Errorf("queue %s: %s is %d: must be %d to %d",
				c.name, limit.property, limit.value, limit.least, limit.most)
		}
	}
	var err error
	c.redrive, err = parseRedrive(r.String("redrivePolicy"))
	return c, err
}

type queueBody struct{ *Service }

// Apply opens the queue with the messages of its journal, or changes the
// attributes of one that is open.
func (s queueBody) Apply(_ context.Context, r, _ *cloud.Resource) error {
	c, err := configOf(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[address{c.region, c.name}]; q != nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.config = c
		return nil
	}
	dir := filepath.Join(s.dir, c.region)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	q, err := openQueue(c, filepath.Join(dir, c.name+".journal"))
	if err != nil {
		return fmt.Errorf("queue %s: %w", c.name, err)
	}
	s.queues[address{c.region, c.name}] = q
	return nil
}

// Remove deletes the queue and its messages.
func (s queueBody) Remove(_ context.Context, r *cloud.Resource) error {
	a := address{r.Region, r.String("name")}
	s.mu.Lock()
	q := s.queues[a]
	delete(s.queues, a)
	s.mu.Unlock()
	if q != nil {
		return q.remove()
	}
	if !validName.MatchString(a.name) {
		return nil
	}
	err := os.Remove(filepath.Join(s.dir, a.region, a.name+".journal"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

type redriveBody struct{ *Service }

func (s redriveBody) Apply(_ context.Context, r, _ *cloud.Resource) error {
	policy, err := parseRedrive(r.String("redrivePolicy"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redrives[r.String("queueUrl")] = policy
	return nil
}

func (s redriveBody) Remove(_ context.Context, r *cloud.Resource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.redrives, r.String("queueUrl"))
	return nil
}
