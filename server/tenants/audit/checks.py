"""The questions to the catalog: each must answer exactly what was reviewed, most often nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import LiteralString

from server.tenants.audit import reviewed

Rows = frozenset[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A rule in French and the question whose answer must be `expected`, row for row."""

    code: str
    rule: str
    question: LiteralString
    expected: Rows = frozenset()
    values: dict[str, list[str]] = field(default_factory=dict)


def _one(names: set[str]) -> Rows:
    return frozenset((name,) for name in names)


TABLES = (
    Check(
        code="protected",
        rule="Chaque table est protégée ligne à ligne, y compris contre son propriétaire.",
        question=(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)"
        ),
        expected=_one(reviewed.REFERENCE),
    ),
    Check(
        code="has_policy",
        rule="Une table protégée a au moins une règle d'accès.",
        question=(
            "select relname from pg_class c where relrowsecurity"
            " and not exists (select from pg_policy p where p.polrelid = c.oid)"
        ),
    ),
    Check(
        code="plain_tables",
        rule="Rien d'autre que des tables : ni vue matérialisée, ni table étrangère, ni partition.",
        question=(
            "select relname || ' ' || relkind::text from pg_class where relnamespace ="
            " 'public'::regnamespace and relkind not in ('r', 'i', 'v')"
            " union all select inhrelid::regclass::text from pg_inherits"
            " union all select srvname from pg_foreign_server"
            " union all select pubname from pg_publication"
        ),
    ),
    Check(
        code="views",
        rule="Les vues sont relues.",
        question=(
            "select relname from pg_class where relkind = 'v'"
            " and relnamespace::regnamespace::text = any (%(ours)s)"
        ),
        expected=_one(reviewed.VIEWS),
    ),
    Check(
        code="invoker_views",
        rule="Une vue lit avec les droits de qui la consulte (security_invoker).",
        question=(
            "select relname from pg_class where relkind = 'v'"
            " and relnamespace::regnamespace::text = any (%(ours)s)"
            " and not coalesce(reloptions, '{}') && '{security_invoker=true,security_invoker=on}'"
        ),
    ),
    Check(
        code="owned",
        rule="Tout appartient à portail_owner, qui ne se connecte pas.",
        question=(
            "select relname from pg_class where relnamespace::regnamespace::text = any (%(ours)s)"
            " and relowner <> 'portail_owner'::regrole"
            " union all select proname from pg_proc"
            " where pronamespace::regnamespace::text = any (%(ours)s)"
            " and proowner <> 'portail_owner'::regrole"
            " union all select nspname from pg_namespace where nspname = any (%(ours)s)"
            " and nspowner <> 'portail_owner'::regrole"
        ),
    ),
    Check(
        code="no_rule",
        rule="Aucune règle de réécriture ne détourne une table.",
        question=(
            "select ev_class::regclass::text || ' ' || rulename from pg_rewrite where ev_class in"
            " (select oid from pg_class where relkind <> 'v'"
            " and relnamespace::regnamespace::text = any (%(ours)s))"
            " union all select evtname from pg_event_trigger"
        ),
    ),
)  # fmt: skip

POLICIES = (
    Check(
        code="one_role",
        rule="Une règle d'accès vaut pour un seul rôle et un seul verbe, et s'additionne à rien.",
        question=(
            "select polrelid::regclass::text, polname from pg_policy where polcmd = '*'"
            " or not polpermissive or cardinality(polroles) <> 1 or polroles[1] = 0"
            " or polroles[1]::regrole::text <> all (%(roles)s)"
        ),
        values={"roles": list(reviewed.ROLES)},
    ),
    Check(
        code="one_policy",
        rule="Un rôle et un verbe n'ont qu'une règle par table.",
        question=(
            "select polrelid::regclass::text, polroles[1]::regrole::text, polcmd::text"
            " from pg_policy group by polrelid, polroles[1], polcmd having count(*) > 1"
        ),
    ),
    Check(
        code="checked",
        rule="Ce qui s'écrit est vérifié par la même condition que ce qui se lit.",
        question=(
            "select polrelid::regclass::text, polname from pg_policy"
            " where polcmd in ('a', 'w') and polwithcheck is null"
            " union all select polrelid::regclass::text, polname from pg_policy where polcmd = 'w'"
            " and pg_get_expr(polqual, polrelid) <> pg_get_expr(polwithcheck, polrelid)"
        ),
    ),
    Check(
        code="open_policies",
        rule="Les règles toujours vraies sont relues.",
        question=(
            "select polrelid::regclass::text, polroles[1]::regrole::text, polcmd::text"
            " from pg_policy where coalesce(pg_get_expr(polqual, polrelid), 'true') = 'true'"
            " and coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true'"
        ),
        expected=frozenset(reviewed.OPEN_POLICIES),
    ),
    Check(
        code="settings",
        rule="Les règles ne lisent que l'organisme et le contingent de la transaction.",
        question=(
            "select polrelid::regclass::text, polname, setting[1] from pg_policy,"
            " regexp_matches(concat_ws(' ', pg_get_expr(polqual, polrelid),"
            "   pg_get_expr(polwithcheck, polrelid)),"
            " 'current_setting\\(''([^'']*)''', 'g') as setting"
            " where setting[1] <> all (%(settings)s)"
        ),
        values={"settings": sorted(reviewed.SETTINGS)},
    ),
    Check(
        code="grant_and_policy",
        rule="Un droit a sa règle, une règle a son droit.",
        question=(
            "with granted as (select c.relname::text as t, r.rolname::text as r, verb"
            " from pg_class c, pg_roles r, unnest(array['SELECT', 'INSERT', 'UPDATE']) as verb"
            " where c.relrowsecurity and r.rolname like 'portail\\_%%'"
            " and r.rolname not in ('portail_owner', 'portail_backup')"
            " and has_any_column_privilege(r.oid, c.oid, verb)"
            " union select c.relname, r.rolname, 'DELETE' from pg_class c, pg_roles r"
            " where c.relrowsecurity and r.rolname like 'portail\\_%%'"
            " and r.rolname not in ('portail_owner', 'portail_backup')"
            " and has_table_privilege(r.oid, c.oid, 'DELETE')),"
            " ruled as (select polrelid::regclass::text as t, polroles[1]::regrole::text as r,"
            " case polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE'"
            " else 'DELETE' end as verb from pg_policy)"
            " (select * from granted except select * from ruled)"
            " union all (select * from ruled except select * from granted)"
        ),
    ),
)  # fmt: skip

ROLES = (
    Check(
        code="attributes",
        rule="Aucun rôle n'a de pouvoir : ni superutilisateur, ni création, ni contournement.",
        question=(
            "select rolname, concat_ws(' ', case when rolcanlogin then 'login' end,"
            " case when rolbypassrls then 'bypassrls' end,"
            " case when rolinherit then 'inherit' end,"
            " case when rolsuper or rolcreatedb or rolcreaterole or rolreplication"
            "   then 'power' end)"
            " from pg_roles where rolname like 'portail\\_%%'"
        ),
        expected=frozenset(reviewed.ATTRIBUTES),
    ),
    Check(
        code="memberships",
        rule="Les comptes ne prennent que leurs rôles, explicitement, sans en hériter.",
        question=(
            "select m.rolname, g.rolname || case when link.admin_option then ' admin' else '' end"
            "  || case when link.inherit_option and m.rolname <> 'portail_backup'"
            "     then ' inherit' else '' end"
            " from pg_auth_members link join pg_roles g on g.oid = link.roleid"
            " join pg_roles m on m.oid = link.member"
            " where (m.rolname like 'portail\\_%%' or g.rolname like 'portail\\_%%')"
            " and g.rolname <> all (%(demo)s)"
        ),
        expected=frozenset(reviewed.MEMBERSHIPS),
        values={"demo": []},
    ),
    Check(
        code="role_settings",
        rule="Aucun réglage de compte ne change la protection.",
        question=(
            "select coalesce(rolname, 'tous'), setting from pg_db_role_setting"
            " left join pg_roles on pg_roles.oid = setrole, unnest(setconfig) as setting"
            " where setting ~ '^(row_security|role|session_authorization|app\\.)'"
        ),
    ),
    Check(
        code="beyond_policies",
        rule="Aucun droit ne contourne les règles : TRUNCATE, REFERENCES, TRIGGER, MAINTAIN.",
        question=(
            "select relname, grantee::regrole::text, privilege_type"
            " from pg_class, aclexplode(relacl)"
            " where relnamespace::regnamespace::text = any (%(ours)s)"
            " and relkind <> 'S' and grantee <> relowner"
            " and (is_grantable or privilege_type not in"
            " ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))"
            " union all select attrelid::regclass::text, attname, privilege_type"
            " from pg_attribute, aclexplode(attacl)"
            " where privilege_type not in ('SELECT', 'UPDATE') or is_grantable"
        ),
    ),
    Check(
        code="public",
        rule="« Tout le monde » n'a aucun droit.",
        question=(
            "select relname, privilege_type from pg_class, aclexplode(relacl)"
            " where grantee = 0 and relnamespace::regnamespace::text = any (%(ours)s)"
            " union all select attrelid::regclass::text, attname"
            " from pg_attribute, aclexplode(attacl) where grantee = 0 and attrelid in"
            " (select oid from pg_class where relnamespace::regnamespace::text = any (%(ours)s))"
        ),
        expected=frozenset(reviewed.PUBLIC_GRANTS),
    ),
    Check(
        code="logins",
        rule="Les comptes n'ont aucun droit en propre, la file des tâches exceptée.",
        question=(
            "select distinct relnamespace::regnamespace::text, grantee::regrole::text"
            " from pg_class, aclexplode(relacl) where grantee in"
            " (select oid from pg_roles where rolcanlogin and rolname like 'portail\\_%%')"
        ),
        # the broker of the jobs works on its own three tables
        expected=frozenset({("dramatiq", "portail_worker")}),
    ),
    Check(
        code="creates",
        rule="Personne ne crée rien : ni TEMP, ni schéma, ni objet.",
        question=(
            "select grantee::regrole::text, privilege_type from pg_database, aclexplode(datacl)"
            " where datname = current_database() and privilege_type <> 'CONNECT'"
            " and grantee <> datdba"
            " union all select grantee::regrole::text, 'CREATE ' || nspname"
            " from pg_namespace, aclexplode(nspacl)"
            " where oid::regnamespace::text = any (%(ours)s)"
            " and privilege_type = 'CREATE' and grantee <> nspowner"
        ),
    ),
    Check(
        code="connects",
        rule="Seuls les comptes du portail se connectent à la base.",
        question=(
            "select case grantee when 0 then 'PUBLIC' else grantee::regrole::text end"
            " from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))"
            " where datname = current_database() and privilege_type = 'CONNECT'"
            " and grantee <> datdba"
            " and (grantee = 0 or grantee::regrole::text not like 'portail\\_%%')"
        ),
    ),
    Check(
        code="defaults",
        rule="Une fonction nouvelle n'est à personne tant qu'on ne l'a pas donnée.",
        question=(
            "select defaclrole::regrole::text, defaclobjtype::text, coalesce(string_agg("
            "  grantee::regrole::text, ' ' order by 1) filter (where grantee <> defaclrole), '')"
            " from pg_default_acl left join lateral aclexplode(defaclacl) on true"
            " group by 1, 2"
        ),
        expected=frozenset({("portail_owner", "f", "")}),
    ),
    Check(
        code="tenant_columns",
        rule="L'organisme d'une ligne ne change jamais.",
        question=(
            "select c.relname, a.attname, r.rolname from pg_class c"
            " join pg_attribute a on a.attrelid = c.oid, pg_roles r"
            " where c.relrowsecurity and a.attnum > 0 and r.rolname like 'portail\\_%%'"
            " and r.rolname <> 'portail_owner' and a.attname = any (%(columns)s)"
            " and has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE')"
        ),
        values={"columns": sorted(reviewed.TENANT_COLUMNS | {"id"})},
    ),
)  # fmt: skip

FUNCTIONS = (
    Check(
        code="definers",
        rule="Les fonctions qui ont les droits de leur propriétaire sont relues.",
        question=(
            "select proname, coalesce(array_to_string(proconfig, ';'), '') from pg_proc"
            " where prosecdef and pronamespace::regnamespace::text = any (%(ours)s)"
        ),
        expected=frozenset(reviewed.DEFINER_FUNCTIONS),
    ),
    Check(
        code="leakproof",
        rule="Aucune fonction ne se dit étanche (LEAKPROOF).",
        question=(
            "select proname from pg_proc where proleakproof"
            " and pronamespace::regnamespace::text = any (%(ours)s)"
        ),
    ),
    Check(
        code="executable",
        rule="Aucune fonction n'est exécutable par « tout le monde ».",
        question=(
            "select proname from pg_proc where prorettype <> 'trigger'::regtype"
            " and pronamespace::regnamespace::text = any (%(ours)s) and exists"
            " (select from aclexplode(coalesce(proacl, acldefault('f', proowner)))"
            "  where grantee = 0)"
        ),
    ),
    Check(
        code="triggers",
        rule="Les déclencheurs sont relus : aucun n'écrit là où d'autres lisent.",
        question=(
            "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal"
        ),
        expected=frozenset(reviewed.TRIGGERS),
    ),
    Check(
        code="extensions",
        rule="Aucune extension, aucun langage de plus.",
        question=(
            "select extname from pg_extension where extname <> 'plpgsql'"
            " union all select lanname from pg_language"
            " where lanname not in ('internal', 'c', 'sql', 'plpgsql')"
        ),
    ),
)  # fmt: skip

KEYS = (
    Check(
        code="foreign_keys",
        rule="Une clé étrangère entre organismes porte l'organisme : elle ne dit rien d'un autre.",
        question=(
            "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint"
            " where contype = 'f' and confrelid::regclass::text <> all (%(directory)s)"
            " and not exists (select from pg_attribute where attrelid = conrelid"
            "  and attnum = any (conkey) and attname = any (%(columns)s))"
        ),
        expected=frozenset(reviewed.PLAIN_FOREIGN_KEYS),
        values={
            "directory": sorted(reviewed.DIRECTORY),
            "columns": sorted(reviewed.TENANT_COLUMNS),
        },
    ),
    Check(
        code="unique",
        rule="Une unicité porte l'organisme : elle ne dit pas qu'un autre a la même valeur.",
        question=(
            "select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid"
            " join pg_class t on t.oid = x.indrelid"
            " where x.indisunique and not x.indisprimary and t.relrowsecurity"
            " and not exists (select from pg_attribute where attrelid = x.indrelid"
            "  and attnum = any (x.indkey) and attname = any (%(columns)s))"
        ),
        expected=_one(reviewed.PLAIN_UNIQUE),
        values={"columns": sorted(reviewed.TENANT_COLUMNS)},
    ),
    Check(
        code="drawn",
        rule="Les identifiants sont tirés au sort : ils ne disent pas combien les autres en ont.",
        question=(
            "select attrelid::regclass::text, attname from pg_attribute a"
            " join pg_class c on c.oid = a.attrelid"
            " where relnamespace = 'public'::regnamespace and attnum > 0 and relkind = 'r'"
            " and (attidentity <> '' or pg_get_serial_sequence(c.oid::regclass::text, attname)"
            "  is not null)"
        ),
    ),
    Check(
        code="sequences",
        rule="Aucune séquence n'est visible.",
        question=(
            "select relname, grantee::regrole::text from pg_class, aclexplode(relacl)"
            " where relkind = 'S' and grantee <> relowner"
        ),
    ),
)  # fmt: skip

CHECKS = (*TABLES, *POLICIES, *ROLES, *FUNCTIONS, *KEYS)
