"""The law and the workflow: standard library only, no clock, no identifiers, no I/O.

Rules take small frozen dataclasses of facts and return values; a refusal that the law or the
convention foresees is a tuple of `Motif`. "art." is an article of the convention, R and L numbers
are articles of the code de la construction et de l'habitation.

Glossary: the French nouns kept in the code (word: meaning [article]).

annexe: yearly table of a bailleur in an EPCI, assiette and rates of each reservataire [art. 4]
assiette: dwellings subject to the flux, C = A - B [art. 2.2]
attribution: decision of the caleol that gives a dwelling to a household [R441-3]
bailleur: social landlord that owns the dwellings and sends the offers [R441-5]
bilan: yearly report of the flux in three volets, due before 28 February [R441-5-1]
caleol: the bailleur's commission that examines candidates and attributes dwellings [R441-9]
charte: charter of the departement, common rules of all conventions [art. 2.2]
commune: town, known by its INSEE code; may be a reservataire on its territory [R441-5]
contingent: share of one reservataire; the State has two, fonctionnaires and rs [R441-5-2]
convention: contract of one bailleur and one reservataire in a departement [R441-5]
dalo: household whose right to housing was recognised by the commission de mediation [L441-2-3]
decompte: count of the flux by the indicator that the partners chose [art. 7]
droits: former reservations on single dwellings that the rates of the flux replace [art. 4]
epci: grouping of communes, known by its SIREN; the scale of an annexe [art. 4]
flux: vacancies of the assiette during a year, shared by rates [R441-5]
motif: one reason why an act is refused or a dwelling set aside: code and sentence [L441-2-2]
nud: unique number of a housing application, 18 letters or digits [R441-2-3]
orientation: offer of one freed dwelling to one reservataire [art. 5.3]
prefecture: the State's local office, which decides the urgences and reads all [art. 2.4]
qpv: priority district of the city policy [R441-5-1]
reservataire: body entitled to name candidates for a share of the flux [R441-5]
siren: nine-digit number of a French organisation [Code de commerce R123-221]
urgence: dwelling allotted to a crisis by decision of the prefecture [art. 2.4]
"""
