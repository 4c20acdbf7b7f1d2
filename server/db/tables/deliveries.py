"""The life of the portal (heartbeats, outages between them), and the mails that did not go."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, Table, text

from server.db.columns import code, identifier, instant, label, metadata, reference, tenant

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    instant("at"),
    CheckConstraint("singleton", name="single_row"),
)

outages = Table(
    "outages",
    metadata,
    instant("started_at"),
    Column("ended_at", DateTime(timezone=True), primary_key=True),
    CheckConstraint("started_at < ended_at", name="span"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    identifier("notification_id"),
    tenant("sender_id"),
    tenant("recipient_id"),
    label("template"),
    label("subject_kind"),
    reference("subject_id"),
    label("state"),
    label("error"),
    instant("failed_at"),
    instant("replayed_at", optional=True),
    label("replayed_by", optional=True),
    instant("settled_at", optional=True),
    code("state", ("failed", "uncertain")),
    Index("dead_letters_by_sender", "sender_id", "failed_at", "notification_id"),
)
