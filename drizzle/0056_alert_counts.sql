CREATE TABLE "alert_counts" (
	"minute" timestamp with time zone NOT NULL,
	"rule" text NOT NULL,
	"label" text NOT NULL,
	"counted" bigint NOT NULL,
	"total" bigint NOT NULL,
	CONSTRAINT "alert_counts_minute_rule_label_pk" PRIMARY KEY("minute","rule","label")
);
