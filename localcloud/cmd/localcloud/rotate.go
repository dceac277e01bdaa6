package main

import "fmt"

// rotateCmd draws a secret anew.
type rotateCmd struct {
	Secret string `arg:"" enum:"databasePassword,cacheToken" help:"databasePassword or cacheToken."`
}

// Run changes the local config; the next up changes what uses it.
func (c *rotateCmd) Run(s *system) error {
	project, err := s.load()
	if err != nil {
		return err
	}
	if err := project.Rotate(c.Secret); err != nil {
		return err
	}
	fmt.Printf("%s has a new value: 'make up' brings it to both regions\n", c.Secret)
	return nil
}
