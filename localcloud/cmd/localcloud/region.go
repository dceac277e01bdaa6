package main

import (
	"context"

	"newsfeed/localcloud/serve"
)

// regionCmd rehearses the loss of a region.
type regionCmd struct {
	Name string `arg:"" help:"AWS region, such as ap-northeast-2."`
	Down bool   `help:"Its API refuses every call; what runs goes on." xor:"state" required:""`
	Dark bool   `help:"Nothing in it runs or answers, as without power; its data stay." xor:"state" required:""`
	Up   bool   `help:"All of it is back, with its data." xor:"state" required:""`
}

// Run returns when the region is as it was asked to be.
func (c *regionCmd) Run(s *system) error {
	client, err := serve.Connect(s.serve)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, serveTimeout)
	defer cancel()
	state := serve.RegionUp
	switch {
	case c.Down:
		state = serve.RegionDown
	case c.Dark:
		state = serve.RegionDark
	}
	return client.Region(ctx, c.Name, state)
}
