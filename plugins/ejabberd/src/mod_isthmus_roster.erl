%%% The contacts of a user of a served domain who are on the gateway's side.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_roster).

-export([contacts/3, may_watch/1, lets_in/2]).

-include("mod_isthmus.hrl").

%% Roster items of the contacts whom the gateway of this component serves.
-spec contacts(binary(), binary(), binary()) -> [#roster_item{}].
contacts(LUser, LServer, Component) ->
    Items = ejabberd_hooks:run_fold(roster_get, LServer, [], [{LUser, LServer}]),
    [Item || #roster_item{jid = Contact} = Item <- Items, mod_isthmus_accounts:is_missing(Contact, Component)].

%% Does the contact see the user's presence?
-spec may_watch(#roster_item{}) -> boolean().
may_watch(#roster_item{subscription = Subscription}) ->
    lists:member(Subscription, [from, both]).

%% Does this user let this contact see the presence?
-spec lets_in(jid:jid(), jid:jid()) -> boolean().
lets_in(#jid{luser = LUser, lserver = LServer}, Contact) ->
    Item = ejabberd_hooks:run_fold(roster_get_jid_info, LServer, {none, none, []}, [LUser, LServer, Contact]),
    lists:member(element(1, Item), [from, both]).
