"""The cast at every door: who may open each route of the pages, reviewed line by line.

A route without its line fails. A refused visit has changed nothing, not one row of any table.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from server.operations import annexes, notifications
from server.pages import ROUTES
from server.tenants.sessions import digest
from server.tenants.transactions import Database as App
from tests.databases import Database, Databases
from tests.operations.play import SOURCES_DU_LAC, Play
from tests.pages.browsers import Site, settings_of
from tests.pages.reading import MOMENT
from tests.worlds import Stage, Worlds

CAST = ("nobody", "alice", "bruno", "chloe", "denis", "karine", "estelle", "farid")

# The columns are those of CAST. Alice, bailleur: her dwelling, her offer to Chloé (Doussard);
# Bruno reads for Alice's organisme; Denis is another bailleur, Karine another réservataire;
# Estelle préfecture, Farid EPCI. An act is tried with the form of `House.form`, else an empty one:
# 409 and 422 then say that it was allowed, and that the file or the form is not ready for it.
REVIEWED = """
GET  /connexion                                           303 303 303 303 303 303 303 303
GET  /connexion/retour                                    403 403 403 403 403 403 403 403
GET  /connexion/renforcee                                 303 303 303 303 303 303 303 303
POST /deconnexion                                         303 303 303 303 303 303 303 303
GET  /deconnexion/retour                                  403 403 403 403 403 403 403 403
POST /organisme                                           303 404 404 404 404 404 404 404
GET  /demo/entrer/{slug}                                  403 403 403 403 403 403 403 403
GET  /accessibilite                                       200 200 200 200 200 200 200 200
GET  /annexes                                             303 200 200 200 200 200 200 200
GET  /annexes.xlsx                                        303 200 200 200 200 200 200 200
GET  /annexes.csv                                         303 200 200 200 200 200 200 200
GET  /annexes/preparer                                    303 200 403 403 200 403 403 403
POST /annexes/preparer                                    303 422 403 403 422 403 403 403
GET  /annexes/{id}                                        303 200 200 200 404 200 200 200
GET  /annexes/{id}/annexe.pdf                             303 200 200 200 404 200 200 200
GET  /annexes/{id}/annexe.xlsx                            303 200 200 200 404 200 200 200
POST /annexes/{id}/recompter                              303 303 403 403 404 403 403 403
GET  /annexes/{id}/abandonner                             303 200 403 403 404 403 403 403
POST /annexes/{id}/abandonner                             303 303 403 403 404 403 403 403
GET  /annexes/{id}/derogation                             303 200 403 403 404 403 403 403
POST /annexes/{id}/derogation                             303 422 403 403 404 403 403 403
GET  /annexes/{id}/lignes/nouvelle                        303 200 403 403 404 403 403 403
POST /annexes/{id}/lignes/nouvelle                        303 422 403 403 404 403 403 403
GET  /annexes/{id}/lignes/{ligne}                         303 200 403 403 404 403 403 403
POST /annexes/{id}/lignes/{ligne}                         303 422 403 403 404 403 403 403
POST /annexes/{id}/lignes/{ligne}/retirer                 303 303 403 403 404 403 403 403
GET  /annexes/{id}/publier                                303 200 403 403 404 403 403 403
POST /annexes/{id}/publier                                303 303 403 403 404 403 403 403
GET  /offre/{jeton}                                       404 404 404 404 404 404 404 404
POST /offre/{jeton}                                       404 404 404 404 404 404 404 404
GET  /organisme/boite-partagee                            303 403 403 200 403 200 403 403
POST /organisme/boite-partagee                            303 403 403 303 403 303 403 403
GET  /bilans                                              303 200 200 200 200 200 200 200
GET  /bilans.xlsx                                         303 200 200 200 200 200 200 200
GET  /bilans.csv                                          303 200 200 200 200 200 200 200
GET  /bilans/publier                                      303 200 403 403 200 403 403 403
POST /bilans/publier                                      303 303 403 403 303 403 403 403
GET  /bilans/dossier.zip                                  303 403 403 403 403 403 200 200
GET  /bilans/{id}                                         303 200 200 200 404 200 200 200
GET  /bilans/{id}/classeur.xlsx                           303 200 200 200 404 200 200 200
GET  /caleol                                              303 200 200 200 200 200 200 200
GET  /caleol.xlsx                                         303 200 200 200 200 200 200 200
GET  /caleol.csv                                          303 200 200 200 200 200 200 200
GET  /caleol/nouvelle                                     303 200 403 403 200 403 403 403
POST /caleol/nouvelle                                     303 422 403 403 422 403 403 403
GET  /caleol/{id}                                         303 200 200 200 404 404 200 200
POST /caleol/{id}/decisions                               303 409 403 403 404 403 403 403
GET  /caleol/{id}/invitation.ics                          303 200 200 200 404 404 200 200
POST /orientations/{id}/candidats                         303 409 403 422 404 404 403 403
POST /orientations/{id}/candidats/{candidat}/retirer      303 403 403 303 403 404 403 403
GET  /conventions                                         303 200 200 200 200 200 200 200
GET  /conventions.xlsx                                    303 200 200 200 200 200 200 200
GET  /conventions.csv                                     303 200 200 200 200 200 200 200
GET  /conventions/{id}                                    303 200 200 200 404 404 200 200
POST /conventions                                         303 422 403 403 422 403 403 403
GET  /conventions/nouvelle                                303 200 403 403 200 403 403 403
GET  /conventions/deliberation.pdf                        303 403 403 200 403 200 403 403
GET  /conventions/deliberation.docx                       303 403 403 200 403 200 403 403
GET  /conventions/{id}/convention.pdf                     303 200 200 200 404 404 200 404
GET  /conventions/{id}/convention.docx                    303 200 200 200 404 404 200 404
GET  /conventions/{id}/modifier                           303 409 403 403 404 403 403 403
POST /conventions/{id}/modifier                           303 409 403 403 404 403 403 403
POST /conventions/{id}/adresse                            303 303 403 403 404 403 403 403
GET  /conventions/{id}/avenant                            303 200 403 403 404 403 403 403
POST /conventions/{id}/avenant                            303 422 403 403 404 403 403 403
POST /conventions/{id}/avenants/{avenant}                 303 409 403 303 404 404 403 403
POST /conventions/{id}/documents                          303 422 403 422 404 404 403 403
GET  /conventions/{id}/documents/{document}               303 200 200 200 404 404 200 404
GET  /conventions/{id}/etapes/{etape}                     303 200 403 200 404 404 403 403
POST /conventions/{id}/etapes/{etape}                     303 422 403 422 404 404 403 403
GET  /conventions/{id}/etapes/{etape}/verifier            303 422 403 422 404 404 403 403
GET  /dalo                                                303 403 403 403 403 403 200 403
GET  /dalo.xlsx                                           303 403 403 403 403 403 200 403
GET  /dalo.csv                                            303 403 403 403 403 403 200 403
GET  /demo                                                200 200 200 200 200 200 200 200
POST /demo/horloge                                        422 422 422 422 422 422 422 422
GET  /demo/courriels                                      200 200 200 200 200 200 200 200
GET  /demo/courriels.json                                 200 200 200 200 200 200 200 200
GET  /demo/courriels/{id}                                 200 200 200 200 200 200 200 200
GET  /demo/courriels/{id}/html                            200 200 200 200 200 200 200 200
GET  /demo/courriels/{id}/invitation.ics                  200 200 200 200 200 200 200 200
GET  /demo/composants                                     200 200 200 200 200 200 200 200
GET  /departement                                         303 403 403 403 403 403 200 403
GET  /departement.xlsx                                    303 403 403 403 403 403 200 403
GET  /departement.csv                                     303 403 403 403 403 403 200 403
GET  /logements                                           303 200 200 200 200 200 403 403
GET  /logements.xlsx                                      303 200 200 200 200 200 403 403
GET  /logements.csv                                       303 200 200 200 200 200 403 403
GET  /logements/{id}                                      303 200 200 200 404 404 403 403
GET  /simulations                                         303 200 200 200 200 200 200 403
GET  /simulations.xlsx                                    303 200 200 200 200 200 200 403
GET  /simulations.csv                                     303 200 200 200 200 200 200 403
GET  /simulations/nouvelle                                303 200 403 403 200 403 403 403
POST /simulations/nouvelle                                303 422 403 403 422 403 403 403
GET  /simulations/comparer                                303 200 200 200 404 404 200 403
GET  /simulations/comparer.xlsx                           303 200 200 200 404 404 200 403
GET  /simulations/comparer.csv                            303 200 200 200 404 404 200 403
GET  /simulations/{id}                                    303 200 200 200 404 404 200 403
GET  /simulations/{id}/chiffres.xlsx                      303 200 200 200 404 404 200 403
GET  /simulations/{id}/chiffres.csv                       303 200 200 200 404 404 200 403
GET  /simulations/{id}/hypotheses                         303 200 403 403 404 403 403 403
POST /simulations/{id}/hypotheses                         303 422 403 403 404 403 403 403
GET  /simulations/{id}/changements                        303 200 403 403 404 403 403 403
POST /simulations/{id}/changements                        303 422 403 403 404 403 403 403
POST /simulations/{id}/changements/{numero}/retirer       303 303 403 403 404 403 403 403
POST /simulations/{id}/tirer                              303 303 403 403 404 403 403 403
POST /simulations/{id}/arreter                            303 409 403 403 404 403 403 403
POST /simulations/{id}/recompter                          303 303 403 403 404 403 403 403
POST /simulations/{id}/dupliquer                          303 303 403 403 404 403 403 403
GET  /simulations/{id}/supprimer                          303 200 403 403 404 403 403 403
POST /simulations/{id}/supprimer                          303 303 403 403 404 403 403 403
GET  /simulations/{id}/partager                           303 200 403 403 404 403 403 403
POST /simulations/{id}/partager                           303 422 403 403 404 403 403 403
POST /simulations/{id}/partages/{partage}/retirer         303 303 403 403 404 403 403 403
GET  /simulations/{id}/annexe                             303 200 403 403 404 403 403 403
POST /simulations/{id}/annexe                             303 409 403 403 404 403 403 403
GET  /soustractions                                       303 200 200 403 200 403 403 403
GET  /soustractions.xlsx                                  303 200 200 403 200 403 403 403
GET  /soustractions.csv                                   303 200 200 403 200 403 403 403
POST /soustractions/previsionnel                          303 303 403 403 303 403 403 403
GET  /charte                                              303 200 200 200 200 200 200 200
POST /charte                                              303 403 403 403 403 403 303 403
GET  /charte/reviser                                      303 403 403 403 403 403 200 403
GET  /charte/verifier                                     303 403 403 403 403 403 200 403
GET  /logements/{id}/exclusion                            303 200 403 403 404 403 403 403
POST /logements/{id}/exclusion                            303 303 403 403 404 403 403 403
GET  /logements/{id}/exclusion/verifier                   303 200 403 403 404 403 403 403
GET  /flux                                                303 200 200 200 200 200 200 200
GET  /flux.xlsx                                           303 200 200 200 200 200 200 200
GET  /flux.csv                                            303 200 200 200 200 200 200 200
GET  /flux/registre                                       303 200 200 404 200 404 404 404
GET  /flux/registre.xlsx                                  303 200 200 404 200 404 404 404
GET  /flux/registre.csv                                   303 200 200 404 200 404 404 404
GET  /flux/equite                                         303 200 200 200 200 200 200 403
GET  /flux/equite.xlsx                                    303 200 200 200 200 200 200 403
GET  /flux/equite.csv                                     303 200 200 200 200 200 200 403
GET  /flux/equite/ecritures                               303 200 200 200 200 200 200 403
GET  /flux/equite/ecritures.xlsx                          303 200 200 200 200 200 200 403
GET  /flux/equite/ecritures.csv                           303 200 200 200 200 200 200 403
GET  /flux/strates                                        303 200 200 403 200 403 200 403
GET  /flux/strates.xlsx                                   303 200 200 403 200 403 200 403
GET  /flux/strates.csv                                    303 200 200 403 200 403 200 403
GET  /flux/{annexe_id}/annexe.xlsx                        303 200 200 200 404 200 200 200
GET  /droits-uniques                                      303 200 200 200 200 200 200 403
GET  /droits-uniques.xlsx                                 303 200 200 200 200 200 200 403
GET  /droits-uniques.csv                                  303 200 200 200 200 200 200 403
GET  /droits-uniques/nouveaux                             303 200 403 403 200 403 403 403
POST /droits-uniques/nouveaux                             303 422 403 403 422 403 403 403
GET  /graphiql                                            303 200 200 200 200 200 200 200
GET  /                                                    200 200 200 200 200 200 200 200
GET  /aller                                               303 200 200 200 200 200 200 200
GET  /aide                                                200 200 200 200 200 200 200 200
GET  /donnees-personnelles                                200 200 200 200 200 200 200 200
GET  /direct                                              401 200 200 200 200 200 200 200
GET  /organisme/acces-machine                             303 200 403 200 200 200 200 200
GET  /organisme/acces-machine.xlsx                        303 200 403 200 200 200 200 200
GET  /organisme/acces-machine.csv                         303 200 403 200 200 200 200 200
GET  /organisme/acces-machine/nouveau                     303 200 403 200 200 200 200 200
POST /organisme/acces-machine/nouveau                     303 422 403 422 422 422 422 422
GET  /organisme/acces-machine/appels                      303 200 403 200 200 200 200 200
GET  /organisme/acces-machine/appels.xlsx                 303 200 403 200 200 200 200 200
GET  /organisme/acces-machine/appels.csv                  303 200 403 200 200 200 200 200
GET  /organisme/acces-machine/{id}                        303 200 403 404 404 404 404 404
GET  /organisme/acces-machine/{id}/revoquer               303 200 403 404 404 404 404 404
POST /organisme/acces-machine/{id}/revoquer               303 303 403 404 404 404 404 404
GET  /organisme/personnes                                 303 200 403 200 200 200 200 200
GET  /organisme/personnes.xlsx                            303 200 403 200 200 200 200 200
GET  /organisme/personnes.csv                             303 200 403 200 200 200 200 200
POST /organisme/personnes/revue/confirmer                 303 303 403 303 303 303 303 303
GET  /organisme/personnes/historique                      303 200 403 200 200 200 200 200
GET  /organisme/personnes/historique.xlsx                 303 200 403 200 200 200 200 200
GET  /organisme/personnes/historique.csv                  303 200 403 200 200 200 200 200
GET  /organisme/personnes/inviter                         303 200 403 200 200 200 200 200
POST /organisme/personnes/inviter                         303 422 403 422 422 422 422 422
POST /organisme/personnes/invitations/{id}/annuler        303 303 403 404 404 404 404 404
GET  /organisme/personnes/{id}                            303 200 403 404 404 404 404 404
POST /organisme/personnes/{id}/role                       303 303 403 404 404 404 404 404
GET  /organisme/personnes/{id}/retirer                    303 200 403 404 404 404 404 404
POST /organisme/personnes/{id}/retirer                    303 303 403 404 404 404 404 404
GET  /invitation                                          404 404 404 404 404 404 404 404
POST /invitation                                          404 404 404 404 404 404 404 404
GET  /calendriers                                         303 200 200 200 200 200 200 200
POST /calendriers                                         303 200 200 200 200 200 200 200
POST /calendriers/{id}/revoquer                           303 303 403 404 404 404 404 404
GET  /calendrier/{secret}.ics                             200 200 200 200 200 200 200 200
GET  /mes-sessions                                        303 200 200 200 200 200 200 200
POST /mes-sessions/fermer                                 303 404 404 404 404 404 404 404
POST /mes-sessions/partout                                303 303 303 303 303 303 303 303
GET  /organisme/visibilite                                303 200 200 200 200 200 200 200
GET  /organisme/visibilite.xlsx                           303 200 200 200 200 200 200 200
GET  /organisme/visibilite.csv                            303 200 200 200 200 200 200 200
GET  /notifications                                       303 200 200 200 200 200 200 200
POST /notifications                                       303 303 303 303 303 303 303 303
GET  /notifications.xlsx                                  303 200 200 200 200 200 200 200
GET  /notifications.csv                                   303 200 200 200 200 200 200 200
GET  /notifications/preferences                           303 200 200 200 200 200 200 200
POST /notifications/preferences                           303 303 403 303 303 303 303 303
POST /notifications/preferences/resume                    303 303 303 303 303 303 303 303
GET  /organisme/fermetures                                303 403 403 200 403 200 403 403
POST /organisme/fermetures                                303 403 403 422 403 422 403 403
POST /organisme/fermetures/{id}/retirer                   303 403 403 303 403 404 403 403
GET  /organisme/courriels                                 303 200 403 200 200 200 200 200
POST /organisme/courriels/{id}/renvoyer                   303 303 403 404 404 404 404 404
GET  /notifications/cloche                                303 303 303 303 303 303 303 303
GET  /session/prolonger                                   303 200 200 200 200 200 200 200
POST /session/prolonger                                   303 303 303 303 303 303 303 303
GET  /orientations                                        303 200 200 200 200 200 200 403
GET  /orientations.xlsx                                   303 200 200 200 200 200 200 403
GET  /orientations.csv                                    303 200 200 200 200 200 200 403
GET  /orientations/{id}                                   303 200 200 200 404 404 200 403
POST /orientations/{id}/accepter                          303 403 403 303 403 404 403 403
GET  /orientations/{id}/refuser                           303 403 403 200 403 404 403 403
POST /orientations/{id}/refuser                           303 403 403 303 403 404 403 403
POST /orientations/{id}/retirer                           303 303 403 403 404 403 403 403
POST /orientations/{id}/renvoyer                          303 409 403 403 404 403 403 403
POST /orientations/{id}/non-remise                        303 303 403 403 404 403 403 403
POST /orientations/{id}/suite                             303 409 403 403 404 403 403 403
GET  /orientations/envoyer                                303 200 403 403 200 403 403 403
POST /orientations/envoyer                                303 422 403 403 422 403 403 403
POST /relances                                             303 422 403 403 422 403 403 403
GET  /orientations/{id}/fiche                             303 200 200 200 404 404 403 403
GET  /orientations/{id}/fiche.pdf                         303 200 200 200 404 404 403 403
GET  /orientations/{id}/recu.pdf                          303 200 200 200 404 404 200 403
POST /orientations/{id}/reponse-recue                     303 303 403 403 404 403 403 403
POST /orientations/{id}/relancer                          303 303 403 403 404 403 403 403
GET  /orientations/{id}/rectifier                         303 200 403 403 404 403 403 403
POST /orientations/{id}/rectifier                         303 303 403 403 404 403 403 403
GET  /orientations/{id}/rectifier/verifier                303 200 403 403 404 403 403 403
GET  /orientations/{id}/renoncer                          303 403 403 200 403 404 403 403
POST /orientations/{id}/renoncer                          303 403 403 303 403 404 403 403
POST /orientations/{id}/notification                      303 409 403 403 404 403 403 403
POST /orientations/{id}/reponse-candidat                  303 409 403 403 404 403 403 403
POST /orientations/{id}/rang-suivant                      303 409 403 403 404 403 403 403
POST /orientations/{id}/sans-bail                         303 409 403 403 404 403 403 403
POST /orientations/{id}/bail                              303 303 403 403 404 403 403 403
GET  /urgences                                            303 200 200 200 200 200 200 200
GET  /urgences.xlsx                                       303 200 200 200 200 200 200 200
GET  /urgences.csv                                        303 200 200 200 200 200 200 200
GET  /urgences/nouvelle                                   303 200 403 403 200 403 403 403
POST /urgences/nouvelle                                   303 422 403 403 422 403 403 403
GET  /urgences/{id}                                       303 200 200 200 404 404 200 200
POST /urgences/{id}/decider                               303 403 403 403 403 403 303 403
GET  /patrimoine/imports                                  303 200 200 403 200 403 403 403
POST /patrimoine/imports                                  303 422 403 403 422 403 403 403
GET  /patrimoine/imports/modele.xlsx                      303 200 200 403 200 403 403 403
GET  /patrimoine/imports/{id}                             303 200 200 403 404 403 403 403
GET  /patrimoine/imports/{id}/annote.xlsx                 303 200 200 403 404 403 403 403
POST /patrimoine/imports/{id}/colonnes                    303 422 403 403 404 403 403 403
POST /patrimoine/imports/{id}/relire                      303 303 403 403 404 403 403 403
POST /patrimoine/imports/{id}/confirmer                   303 409 403 403 404 403 403 403
GET  /liberations                                         303 200 200 403 200 403 403 403
GET  /liberations.xlsx                                    303 200 200 403 200 403 403 403
GET  /liberations.csv                                     303 200 200 403 200 403 403 403
GET  /liberations/ensemble                                303 200 200 403 200 403 403 403
GET  /liberations/nouvelle                                303 200 403 403 200 403 403 403
POST /liberations/nouvelle                                303 422 403 403 422 403 403 403
GET  /liberations/{id}                                    303 200 200 403 404 403 403 403
GET  /liberations/{id}/verifier                           303 200 403 403 404 403 403 403
POST /liberations/{id}/orienter                           303 303 403 403 404 403 403 403
POST /liberations/{id}/garder                             303 303 403 403 404 403 403 403
GET  /aide/droits                                         200 200 200 200 200 200 200 200
GET  /substitutions                                       303 200 200 200 200 200 200 200
GET  /substitutions.xlsx                                  303 200 200 200 200 200 200 200
GET  /substitutions.csv                                   303 200 200 200 200 200 200 200
GET  /substitutions/nouvelle                              303 403 403 403 403 403 200 403
GET  /substitutions/verifier                              303 403 403 403 403 403 200 403
POST /substitutions                                       303 403 403 403 403 403 303 403
GET  /substitutions/{id}                                  303 200 200 200 200 200 200 200
GET  /substitutions/{id}/terminer                         303 403 403 403 403 403 200 403
POST /substitutions/{id}/terminer                         303 403 403 403 403 403 303 403
"""

# A recipient that fetches its bilan is recorded as having opened it (art. 7); nothing else.
RECORDED_READINGS = {"/bilans/{id}/classeur.xlsx", "/bilans/dossier.zip"}

IMPORT_OF_ALICE = (
    "select i.id from imports i join tenants t on t.id = i.bailleur_id"
    " where t.slug = 'haute-savoie-habitat'"
)
ATTRIBUTED = "select id from orientations where state = 'attributed'"
CONVENTION_OF_DOUSSARD = (
    "select c.id from conventions c join tenants t on t.id = c.reservataire_id"
    " where t.slug = 'doussard'"
)
AVENANT_OF_DOUSSARD = (
    "select a.id from convention_amendments a join tenants t on t.id = a.reservataire_id"
    " where t.slug = 'doussard'"
)
DOCUMENT_OF_DOUSSARD = (
    "select s.id from convention_scans s join tenants t on t.id = s.reservataire_id"
    " where t.slug = 'doussard'"
)

ANNEXE_READ_BY = (
    "select r.annexe_id from annexe_readers r join annexes a on a.id = r.annexe_id"
    " where a.year = 2026 and r.tenant_id = %s"
)

REVISION = {
    "nom": "2099",
    "debut": "2099-01-01",
    "decision": "Essai",
    "taux": "8",
    "reponse": "2",
    "candidats": "15",
    "indicateur": "oriented",
    "base": "oriented",
    "refus": "free",
    "refus_de_suite": "3",
    "urgences_mois": "4",
    "urgences": "charged",
    "ancien": "1975",
    "recent": "2013",
    "poids_total": "2",
    **dict.fromkeys(
        (
            *("poids_typologie", "poids_financement", "poids_periode"),
            *("poids_zone", "poids_commune", "poids_attrait"),
        ),
        "1",
    ),
}

# They say which state of the draft was shown: another one is a conflict, whoever asks.
ACTS_ON_A_DRAFT = (
    *("/annexes/{id}/recompter", "/annexes/{id}/abandonner", "/annexes/{id}/publier"),
    *("/annexes/{id}/lignes/nouvelle", "/annexes/{id}/lignes/{ligne}"),
    "/annexes/{id}/lignes/{ligne}/retirer",
)

ACTS_ON_A_SCENARIO = (
    *("/simulations/{id}/recompter", "/simulations/{id}/supprimer"),
    "/simulations/{id}/changements/{numero}/retirer",
)
COMPARED = tuple(f"/simulations/comparer{end}" for end in ("", ".xlsx", ".csv"))

Line = dict[str, int]
ROW = re.compile(r"^(GET|POST) +(/\S*) +(.*)$")


def reviewed() -> dict[tuple[str, str], Line]:
    matches = [ROW.match(line) for line in REVIEWED.splitlines()]
    return {
        (found[1], found[2]): dict(zip(CAST, map(int, found[3].split()), strict=True))
        for found in matches
        if found
    }


def routes() -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for route in ROUTES
        for method in sorted(set(route.methods or ()) - {"HEAD"})
    ]


# --- A world with something behind each door ------------------------------------------------------


class House:
    """The database with everything in it, and where each route finds its row."""

    def __init__(self, databases: Databases, worlds: Worlds) -> None:
        self._databases = databases
        self._worlds = worlds
        self.template = worlds.clone()
        with ThreadPoolExecutor(max_workers=1) as thread:  # an event loop of its own
            self.rows, self.now = thread.submit(asyncio.run, self._furnish()).result()

    async def _furnish(self) -> tuple[dict[str, Any], Any]:
        app, worker = App(self.template.app_dsn), App(self.template.worker_dsn)
        play = Play(Stage(database=self.template, world=self._worlds.world, app=app))
        await play.everything()
        searching = await play.search(home=play.home(number=5))
        await play.present(searching, "074042600000000123")
        mail = play.scalar("select id from notifications where template = 'caleol.planned' limit 1")
        await notifications.deliver(worker, mail, settings_of(self.template))
        one = play.scalar
        rows = {
            **await self._annexe(play),
            "/bilans": one("select id from bilans"),
            **self._agreements(play),
            "/caleol": one("select id from caleol_sessions where state = 'planned'"),
            "/demo/courriels": mail,
            "/demo/entrer": "alice",
            "/flux": one(ANNEXE_READ_BY, play.tenant("doussard")),
            "/liberations": await play.vacancy(play.home(number=6)),
            "/logements": play.home(number=0),
            "/orientations/{id}": await play.offer(home=play.home(number=4)),
            "/orientations/{id}/bail": one(ATTRIBUTED),
            **{f"/orientations/{{id}}/{door}": searching for door in ("candidats", "renoncer")},
            "/organisme/acces-machine": self._worlds.world.token("haute-savoie-habitat").id,
            **self._people(play),
            **self._feed(play),
            "/patrimoine/imports": one(IMPORT_OF_ALICE),
            "/substitutions": one("select id from substitutions"),
            "/urgences": one("select id from urgences"),
            "candidat": play.candidates(searching)[0],
            "party": f"{play.tenant('doussard')}:none",
            "planned": one("select id from orientations where state = 'in_caleol'"),
        }
        play.close()
        await asyncio.gather(app.close(), worker.close())
        return rows, play.now

    async def _annexe(self, play: Play) -> dict[str, Any]:
        """A draft of Alice's; what everybody reads is a published version."""
        command = annexes.StartDraft(
            epci_siren=SOURCES_DU_LAC, year=play.now.year, reason="Rectification d'essai"
        )
        draft = await play.does("alice", lambda tx: annexes.start(tx, command))
        read = await play.reads("alice", lambda tx: annexes.get(tx, draft))
        published = play.scalar(
            "select id from annexes where epci_siren = %s and year = %s and version = 1",
            SOURCES_DU_LAC,
            play.now.year,
        )
        doors = ("recompter", "abandonner", "derogation", "lignes", "publier")
        return {
            "/annexes/{id}": published,
            **{f"/annexes/{{id}}/{door}": draft for door in doors},
            "ligne": read.lines[0].id,
            "revision": read.revision,
        }

    def _agreements(self, play: Play) -> dict[str, Any]:
        return {
            "/conventions": play.scalar(CONVENTION_OF_DOUSSARD),
            "avenant": play.scalar(AVENANT_OF_DOUSSARD),
            "document": play.scalar(DOCUMENT_OF_DOUSSARD),
            **self._scenarios(play),
        }

    def _scenarios(self, play: Play) -> dict[str, Any]:
        """Two of Alice's, shown to Chloé and to Estelle; a share of the first."""
        mine = play.tenant("haute-savoie-habitat")
        first, second = play.rows(
            "select id from scenarios where bailleur_id = %s order by name", mine
        )
        share = play.scalar(
            "select id from scenario_shares where scenario_id = %s and revoked_at is null",
            first[0],
        )
        return {"/simulations": first[0], "autre": second[0], "partage": share}

    def _people(self, play: Play) -> dict[str, Any]:
        """Bruno's membership, and an invitation that waits in his organisme."""
        waiting = play.scalar(
            "select id from invitations where tenant_id = %s", play.tenant("haute-savoie-habitat")
        )
        bruno = self._worlds.world.people["bruno"].memberships[0].id
        return {
            "/offre": "rien",
            "/organisme/personnes": bruno,
            "/organisme/personnes/invitations": waiting,
        }

    def _letter(self, play: Play) -> Any:
        """A mail of an act of Alice's that did not go."""
        return play.scalar(
            "insert into dead_letters (notification_id, sender_id, recipient_id, template,"
            " subject_kind, subject_id, state, error, failed_at) select id, sender_id,"
            " recipient_id, template, subject_kind, subject_id, 'failed', 'Essai', created_at"
            " from notifications where sender_id = %s order by id desc limit 1"
            " on conflict (notification_id) do update set error = 'Essai'"
            " returning notification_id",
            play.tenant("haute-savoie-habitat"),
        )

    def _feed(self, play: Play) -> dict[str, Any]:
        """The calendar of Alice's organisme, and its address."""
        feed_id = play.scalar(
            "update calendar_feeds set secret_hash = %s, last_read_at = now() + interval '1 day'"
            " where capacity = 'bailleur' and tenant_id = %s returning id",
            digest("essai"),
            play.tenant("haute-savoie-habitat"),
        )
        return {
            "/calendriers": feed_id,
            "/calendrier/": "essai",
            "/organisme/courriels": self._letter(play),
            "/organisme/fermetures": play.scalar(
                "select id from closures where tenant_id = %s", play.tenant("doussard")
            ),
        }

    @property
    def _exclusion(self) -> dict[str, str]:
        return {"acte": "exclure", "motif": "demolition", "date": self.now.date().isoformat()}

    @property
    def _on_an_offer(self) -> dict[str, dict[str, str]]:
        today = self.now.date().isoformat()
        wrong = {"erreur": "addressee", "motif": "Essai"}
        return {
            "/orientations/{id}/notification": {"notifie_le": today},
            "/orientations/{id}/reponse-recue": {
                "recue": "accepter",
                "recue_le": today,
                "recue_par": "paper",
                "recue_de": "Essai",
                "recue_confirme": "1",
            },
            **{f"/orientations/{{id}}/rectifier{end}": wrong for end in ("", "/verifier")},
            "/orientations/{id}/reponse-candidat": {"repondu_le": today, "reponse": "refused"},
            "/orientations/{id}/bail": {"signe_le": today},
            "/orientations/{id}/retirer": {"motif": "Essai"},
            "/orientations/{id}/suite": {"suite": "reorienter"},
        }

    @property
    def _declared(self) -> dict[str, str]:
        return {
            "commune": self.rows["party"].split(":")[0],
            "arrete": "n° 2026-0002",
            "debut": self.now.date().isoformat(),
        }

    @property
    def _simulated(self) -> dict[str, dict[str, str]]:
        both = {"a": str(self.rows["/simulations"]), "b": str(self.rows["autre"])}
        return {
            **{path: {"revision": "3"} for path in ACTS_ON_A_SCENARIO},
            **dict.fromkeys(COMPARED, both),
            "/simulations/{id}/annexe": {"epci": SOURCES_DU_LAC},
        }

    def form(self, path: str) -> dict[str, str]:
        """What is typed, where an empty form would be refused before the right is looked at."""
        chosen = {"choix": "autre", "reservataire": self.rows["party"], "motif": "Essai"}
        declared = self._declared
        drafted = {"revision": str(self.rows["revision"])}
        return {
            **dict.fromkeys(ACTS_ON_A_DRAFT, drafted),
            **self._simulated,
            "/conventions/{id}/adresse": {"version": "1", "adresse": "essai@doussard.invalid"},
            "/conventions/{id}/avenants/{avenant}": {
                "avenant_jour": self.now.date().isoformat(),
                "avenant_fonction": "Maire",
                "confirme": "1",
            },
            "/substitutions": declared,
            "/substitutions/verifier": declared,
            "/substitutions/{id}/terminer": {"fin": self.now.date().isoformat()},
            "/bilans/publier": {"annee": "2026"},
            "/soustractions/previsionnel": {"annee": str(self.now.year), "mutation": "3"},
            "/charte": REVISION,
            "/charte/verifier": REVISION,
            "/logements/{id}/exclusion": self._exclusion,
            "/logements/{id}/exclusion/verifier": self._exclusion,
            "/bilans/dossier.zip": {"annee": "2026", "epci": SOURCES_DU_LAC},
            "/caleol/{id}/decisions": {
                "orientation": str(self.rows["planned"]),
                "decisions.0.candidate": str(self.rows["candidat"]),
                "decisions.0.outcome": "attribution",
                "confirme": "1",
            },
            "/liberations/{id}/orienter": chosen,
            "/liberations/{id}/verifier": chosen,
            "/liberations/{id}/garder": {"nature": "mutation", "motif": "Essai"},
            **self._on_an_offer,
            "/organisme/personnes/{id}/role": {"role": "agent"},
            "/urgences/{id}/decider": {"decision": "refuser", "motif": "Essai", "confirme": "1"},
        }.get(path, {})

    def address(self, path: str, row: object | None = None) -> str:
        """The route's path with the row that it is about, or with another one."""
        beginnings = [name for name in self.rows if path.startswith(name)]
        found = self.rows[max(beginnings, key=len)] if beginnings else ""
        filled = path.replace("{candidat}", str(self.rows["candidat"]))
        filled = filled.replace("{ligne}", str(self.rows["ligne"]))
        filled = filled.replace("{avenant}", str(self.rows["avenant"]))
        filled = filled.replace("{document}", str(self.rows["document"]))
        filled = filled.replace("{etape}", "signature").replace("{numero}", "1")
        filled = filled.replace("{partage}", str(self.rows["partage"]))
        return re.sub(r"\{\w+\}", str(row or found), filled)

    def open(self) -> tuple[Database, Stage]:
        clone = self._databases.clone(self.template.name)
        app = App(clone.app_dsn, pool_size=2)
        return clone, Stage(database=clone, world=self._worlds.world, app=app)


@pytest.fixture(scope="module")
def house(databases: Databases, worlds: Worlds) -> House:
    return House(databases, worlds)


class Visitors:
    """The cast, each with her browser, before one site."""

    def __init__(self, site: Site, clients: dict[str, httpx2.AsyncClient], play: Play) -> None:
        self.site = site
        self.clients = clients
        self.play = play

    async def visit(
        self, who: str, method: str, address: str, form: dict[str, str] | None = None
    ) -> httpx2.Response:
        client = self.clients[who]
        if address == "/direct" and method == "GET":
            return await self._listen(client)
        if method == "GET":
            return await client.get(address, params=form)
        return await client.request(method, address, data=form)

    async def _listen(self, client: httpx2.AsyncClient) -> httpx2.Response:
        """A stream has no end: its first line is enough."""
        status = asyncio.get_running_loop().create_future()
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/direct",
            "query_string": b"",
            "headers": [(b"host", b"portail.test"), (b"cookie", cookie.encode())],
        }

        async def receive() -> dict[str, Any]:
            await status
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                status.set_result(message["status"])

        task = asyncio.create_task(self.site.app(scope, receive, send))  # type: ignore[arg-type] # ASGI
        code = await asyncio.wait_for(status, 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return httpx2.Response(code)


@pytest.fixture
async def visitors(house: House) -> AsyncIterator[Visitors]:
    clone, stage = house.open()
    play = Play(stage, house.now)
    play.run("insert into business_clock (shift) values (%s - now())", house.now)
    site = Site(stage)
    # nobody answers there: only the way out is looked at
    site.app.state.provider.metadata = {"authorization_endpoint": "http://127.0.0.1:1/authorize"}
    async with AsyncExitStack() as stack:
        stack.enter_context(clone.demo())
        clients = {"nobody": await stack.enter_async_context(site.anonymous())}
        for who in CAST[1:]:
            clients[who] = await stack.enter_async_context(site.browser(who))
        for client in clients.values():
            client.headers["accept"] = "text/html"
        yield Visitors(site, clients, play)
    play.close()
    await site.close()
    await stage.app.close()
    house._databases.discard(clone)


# --- The doors ------------------------------------------------------------------------------------


def test_every_route_has_its_line() -> None:
    assert set(reviewed()) == set(routes())


def whole(visitors: Visitors) -> dict[str, tuple[int, str]]:
    """Every table but the attempts to sign in, which anybody may begin."""
    return {name: rows for name, rows in visitors.play.dump().items() if name != "login_attempts"}


async def knock(visitors: Visitors, house: House, method: str, path: str) -> Line:
    """Each of the cast at one door; those who may act come last, on a file still as it was."""
    line, found = reviewed()[method, path], {}
    before = whole(visitors)
    for who in sorted(CAST, key=lambda one: (line[one] < 400, CAST.index(one))):
        answer = await visitors.visit(who, method, house.address(path), house.form(path))
        found[who] = answer.status_code
        is_turned_away = answer.headers.get("location", "").startswith("/connexion")
        if method == "POST" and (answer.status_code >= 400 or is_turned_away):
            assert whole(visitors) == before, (path, who)
        before = whole(visitors) if method == "POST" else before
    if method == "GET" and path not in RECORDED_READINGS:
        assert whole(visitors) == before, path
    return {who: found[who] for who in CAST}


async def test_each_page_opens_to_whom_it_must(visitors: Visitors, house: House) -> None:
    """And looking changes nothing."""
    for method, path in routes():
        if method == "GET":
            found = await knock(visitors, house, method, path)
            assert found == reviewed()[method, path], path


@pytest.mark.parametrize("path", sorted({path for method, path in routes() if method == "POST"}))
async def test_each_act_is_for_whom_it_must(visitors: Visitors, house: House, path: str) -> None:
    assert await knock(visitors, house, "POST", path) == reviewed()["POST", path]


async def test_a_stranger_s_row_and_no_row_look_alike(visitors: Visitors, house: House) -> None:
    """Another tenant's id, an unknown one and nonsense: the same page, word for word."""
    tried = 0
    for (method, path), line in reviewed().items():
        for who in ("denis", "karine"):
            if "{id}" not in path or line[who] != 404:
                continue
            pages = set()
            for row in (None, uuid4(), "pas-un-identifiant"):
                answer = await visitors.visit(
                    who, method, house.address(path, row), house.form(path)
                )
                assert answer.status_code == 404, (method, path, who)
                pages.add(MOMENT.sub("", answer.text))
            assert len(pages) == 1, (method, path, who)
            tried += 1
    assert tried > 20


async def test_a_method_that_a_route_does_not_know_is_refused(
    visitors: Visitors, house: House
) -> None:
    for path in {path for _, path in routes()}:
        known = {method for method, other in routes() if other == path}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
            answer = await visitors.visit("alice", method, house.address(path))
            assert answer.status_code == 405, (method, path)


async def test_the_demonstration_s_doors_are_walls_in_production(house: House) -> None:
    clone, stage = house.open()
    site = Site(stage)
    site.app.state.settings = replace(site.settings, mode="production")
    async with site.browser("alice") as client:
        for method, path in routes():
            if path.startswith("/demo") or path == "/graphiql":
                answer = await client.request(method, house.address(path))
                assert answer.status_code == 404, path
    await site.close()
    await stage.app.close()
    house._databases.discard(clone)
