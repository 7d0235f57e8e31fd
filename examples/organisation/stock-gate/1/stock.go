package main

import (
	"context"
	"database/sql"
)

type stock struct {
	Article string `json:"article"`
	Pieces  int    `json:"pieces"`
}

func find(ctx context.Context, db *sql.DB, article string) ([]stock, error) {
	rows, err := db.QueryContext(ctx, "SELECT article, pieces FROM stock WHERE article = $1", article)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []stock
	for rows.Next() {
		var one stock
		if err := rows.Scan(&one.Article, &one.Pieces); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
