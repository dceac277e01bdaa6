package main

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"newsfeed/app/mysql"
	"newsfeed/app/redis"
	"newsfeed/app/secretsmanager"
)

// loadAWS reads the SDK's own settings: region, credentials, endpoint.
func loadAWS(ctx context.Context, region string) (aws.Config, error) {
	return awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
}

// stores are the database and the cache, which go where their secrets say. A
// secret that is not configured is nil.
type stores struct {
	config         config
	db             *mysql.DB
	cache          *redis.Cache
	databaseSecret *secretsmanager.Secret[mysql.Access]
	cacheSecret    *secretsmanager.Secret[redis.Access]
}

// openStores prepares the stores; follow tells them where they are.
func openStores(sdk aws.Config, c config) (*stores, error) {
	s := &stores{config: c}
	database, cache := c.Database, c.Cache
	if c.DatabaseSecret != "" {
		s.databaseSecret = secretsmanager.New(sdk, c.DatabaseSecret, s.followDatabase)
		database.Writer, database.Readers, database.Renew = "", nil, s.renewAccount
	}
	if c.CacheSecret != "" {
		s.cacheSecret = secretsmanager.New(sdk, c.CacheSecret, s.followCache)
		cache.Addrs, cache.Renew = nil, s.renewToken
	}
	s.cache = redis.Open(cache)
	var err error
	s.db, err = mysql.Open(database)
	return s, err
}

func (s *stores) followDatabase(a mysql.Access) error {
	if override := s.config.Database; override.Writer != "" {
		a.Endpoint, a.Readers = override.Writer, strings.Join(override.Readers, ",")
	}
	return s.db.Follow(a)
}

func (s *stores) followCache(a redis.Access) error {
	if override := s.config.Cache.Addrs; len(override) > 0 {
		a.Endpoint = override[0]
	}
	return s.cache.Follow(a)
}

func (s *stores) renewAccount(ctx context.Context, refused mysql.Account) (mysql.Account, error) {
	value, err := s.databaseSecret.Renew(ctx, func(a mysql.Access) bool { return a.Account == refused })
	return value.Account, err
}

func (s *stores) renewToken(ctx context.Context, refused string) (string, error) {
	value, err := s.cacheSecret.Renew(ctx, func(a redis.Access) bool { return a.Token == refused })
	return value.Token, err
}

// follow keeps the stores where their secrets say, until ctx ends.
func (s *stores) follow(ctx context.Context) {
	var wg sync.WaitGroup
	if s.databaseSecret != nil {
		wg.Go(func() { s.databaseSecret.Run(ctx, s.config.SecretsEvery) })
	}
	if s.cacheSecret != nil {
		wg.Go(func() { s.cacheSecret.Run(ctx, s.config.SecretsEvery) })
	}
	wg.Wait()
}
