"""Who meets the conditions of a list, who of them may be written to, and who is held out."""

from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.campaigns.definition import Campaign
from loyalty_lens.campaigns.segments import check_values
from loyalty_lens.errors import CampaignError

SMALLEST = 50  # with fewer who may be written to, a control group tells nothing
# What a list may choose by and show: customers, and what is to be done about them today.
SOURCE = "marts.customer_details"
MORE = "marts.action_list"
READ_TYPES = """
select column_name, data_type, table_name = 'action_list' as is_more
from information_schema.columns
where table_schema = 'marts' and table_name in ('customer_details', 'action_list')
order by is_more, ordinal_position
"""
# Who said yes up to the business date and no in a version of a later date is not written to: the
# marts may show the past, the letter goes out now.
CREATE = """
create temporary table list_members on commit drop as
with listed as (
    select * from {source} where {conditions}
),

said as (
    select distinct on (versions.customer_id)
        versions.customer_id,
        versions.has_marketing_consent
    from staging.stg_customer_details as versions
    where versions.customer_id in (select customer_id from listed where marketing_consent)
    order by
        versions.customer_id, versions.version_at desc, versions._batch_id desc,
        versions._row_number desc
),

-- A customer who was merged since brings the arm along.
arms as (
    select
        coalesce(merges.merged_into, members.customer_id) as customer_id,
        members.arm,
        members.export_id
    from ops.campaign_members as members
    left join clean.customer_merges as merges on members.customer_id = merges.customer_id
    where members.campaign_id = {campaign_id} and members.arm <> 'excluded'
),

first_arms as (
    select distinct on (customer_id)
        customer_id,
        arm
    from arms
    order by customer_id, export_id
),

judged as (
    select
        listed.customer_id,
        listed.value_segment,
        listed.segment_name,
        first_arms.arm as first_arm,
        case
            when said.has_marketing_consent or (
                listed.marketing_consent is null and {include_unknown}
            )
                then null
            when coalesce(said.has_marketing_consent, listed.marketing_consent) is false
                then 'without consent'
            else 'consent unknown'
        end as reason,
        -- The first 32 bits of MD5, as a share: the same in every warehouse and every year.
        cast(
            cast(
                'x' || left(md5({campaign_id} || ':' || listed.customer_id), 8) as bit(32)
            ) as bigint
        ) / 4294967296.0 as place
    from listed
    left join said on listed.customer_id = said.customer_id
    left join first_arms on listed.customer_id = first_arms.customer_id
),

counted as (
    select
        *,
        count(*) filter (where reason is null) over () as reachable_count
    from judged
),

drawn as (
    select
        *,
        case
            when reason is not null then 'excluded'
            when {holdout} = 0 then 'treated'
            when first_arm is not null then first_arm
            when place < {holdout} and reachable_count >= {smallest} then 'holdout'
            else 'treated'
        end as arm
    from counted
)

select
    customer_id,
    value_segment,
    segment_name,
    arm,
    case when arm = 'holdout' then 'held out' else reason end as reason
from drawn
"""
COUNT = """
select
    count(*),
    count(*) filter (where arm = 'treated'),
    count(*) filter (where arm = 'holdout'),
    count(*) filter (where reason = 'without consent'),
    count(*) filter (where reason = 'consent unknown')
from list_members
"""


@dataclass(frozen=True)
class Counts:
    """Members of a list: all, those in the file, and why the others are not."""

    selected: int
    exported: int
    held_out: int
    without_consent: int
    consent_unknown: int

    @property
    def reachable(self) -> int:
        """Those who may be written to."""
        return self.exported + self.held_out

    def told(self) -> str:
        """`214 selected, 0 exported: 214 without consent information`."""
        reasons = (
            (self.held_out, "held out"),
            (self.without_consent, "without consent"),
            (self.consent_unknown, "without consent information"),
        )
        why = ", ".join(f"{count:,} {reason}" for count, reason in reasons if count)
        return f"{self.selected:,} selected, {self.exported:,} exported" + (why and f": {why}")


@dataclass(frozen=True)
class Source:
    """The columns that there are: names to types, and which of them the action list adds."""

    types: dict[str, str]
    added: frozenset[str]

    def relation(self) -> sql.Composable:
        """A relation of customers with all of the columns."""
        if not self.added:
            return sql.SQL(SOURCE)
        added = sql.SQL(", ").join(
            sql.SQL("actions.{}").format(sql.Identifier(name)) for name in sorted(self.added)
        )
        return sql.SQL(
            "(select details.*, {added} from {source} as details left join {more} as actions"
            " on details.customer_id = actions.customer_id) as customers"
        ).format(added=added, source=sql.SQL(SOURCE), more=sql.SQL(MORE))


def read_source(cursor: Cursor) -> Source:
    """What a list may choose by. Raises CampaignError before the first build."""
    cursor.execute(READ_TYPES)
    types: dict[str, str] = {}
    added = set()
    for name, data_type, is_more in cursor.fetchall():
        if name not in types:
            types[name] = data_type
            added |= {name} if is_more else set()
    if "customer_id" not in types or "customer_id" in added:
        raise CampaignError("there is no marts.customer_details yet: lens run makes it")
    return Source(types, frozenset(added))


def select_members(
    cursor: Cursor, campaign: Campaign, source: Source, *, consent_when_missing: str
) -> Counts:
    """Fills the temporary table `list_members`. Raises CampaignError before anything is read."""
    where = f"list {campaign.campaign_id!r}"
    for condition in campaign.conditions:
        condition.check(where, source.types)
    for column in campaign.columns:
        if column not in source.types:
            raise CampaignError(
                f"{where}: there is no column {column!r}; there are: {', '.join(source.types)}"
            )
    check_values(cursor, where, campaign.conditions)
    conditions = sql.SQL(" and ").join(condition.as_sql() for condition in campaign.conditions)
    cursor.execute("drop table if exists list_members")
    cursor.execute(
        sql.SQL(CREATE).format(
            source=source.relation(),
            conditions=conditions,
            campaign_id=sql.Literal(campaign.campaign_id),
            include_unknown=sql.Literal(
                consent_when_missing == "include" and not _was_consent_delivered(cursor)
            ),
            holdout=sql.Literal(campaign.holdout),
            smallest=sql.Literal(SMALLEST),
        )
    )
    cursor.execute(COUNT)
    return Counts(*(cursor.fetchone() or (0, 0, 0, 0, 0)))


def _was_consent_delivered(cursor: Cursor) -> bool:
    """Whether any customer file ever said yes or no."""
    cursor.execute(
        "select exists (select from staging.stg_customer_details"
        " where has_marketing_consent is not null)"
    )
    return cursor.fetchone() == (True,)
