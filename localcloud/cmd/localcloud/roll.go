package main

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"newsfeed/infra/rollout"
	"newsfeed/localcloud/engine"
)

// roll brings the groups of the stacks to what these declare, all side by side, as
// 'make deploy' does on AWS: an up by itself replaces no instance. It returns when
// the groups serve.
func (s *system) roll(project *engine.Project, stacks []engine.Stack, out io.Writer) error {
	fmt.Fprintln(out)
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		errs    []error
	)
	for _, stack := range stacks {
		raw, err := project.Output(stack.Name, "runs")
		if err != nil {
			return err
		}
		if len(raw) == 0 {
			continue // the strategy has no groups here
		}
		targets, err := rollout.ReadTargets(raw)
		if err != nil {
			return fmt.Errorf("stack %s: %w", stack.Name, err)
		}
		groups := autoscaling.New(autoscaling.Options{Region: stack.Region, BaseEndpoint: aws.String("http://" + s.cli.AWS),
			Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
		running.Go(func() {
			err := rollout.All(s.ctx, targets, rollout.Roll{Groups: groups, Pace: s.cli.Pace, Log: out})
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
