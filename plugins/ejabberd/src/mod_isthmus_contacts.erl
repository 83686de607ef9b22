%%% Who was shown available to whom by the gateway, so that nobody stays available when the gateway is gone.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_contacts).

-export([note/2, withdraw_while/2, withdraw_all/1]).

-include("logger.hrl").
-include_lib("xmpp/include/xmpp.hrl").

%% 2,500 presences a second, and the rest of the server goes on.
-define(WITHDRAWALS_PER_ROUND, 250).
-define(MILLISECONDS_BETWEEN_ROUNDS, 100).

%% A presence of the gateway that has passed the guard.
-spec note(stanza(), mod_isthmus_config:hub()) -> ok.
note(#presence{type = Type, from = Contact, to = To}, #{component := Component, contacts := Contacts})
  when Type =:= available; Type =:= unavailable ->
    case watcher(To, Component) of
        none -> ok;
        Watcher -> note(Type, Contact, Watcher, Contacts)
    end;
note(_, _Hub) ->
    ok.

%% Sends `unavailable` for all contacts, the oldest first, a round at a time, for as long as it is wanted.
-spec withdraw_while(fun(() -> boolean()), mod_isthmus_config:hub()) -> ok.
withdraw_while(IsWanted, #{contacts := Contacts} = Hub) ->
    case IsWanted() andalso withdraw(?WITHDRAWALS_PER_ROUND, Contacts) of
        more ->
            timer:sleep(?MILLISECONDS_BETWEEN_ROUNDS),
            withdraw_while(IsWanted, Hub);
        _ ->
            ok
    end.

-spec withdraw_all(mod_isthmus_config:hub()) -> ok.
withdraw_all(#{contacts := Contacts}) ->
    done = withdraw(infinity, Contacts),
    ok.

note(unavailable, Contact, Watcher, Contacts) ->
    mod_isthmus_memory:forget(Contacts, key(Contact, Watcher));
note(available, Contact, Watcher, Contacts) ->
    case mod_isthmus_memory:put(Contacts, key(Contact, Watcher), {Contact, Watcher}) of
        true -> warn_once(Contacts);
        false -> ok
    end.

%% As addressed; bare for users of served domains, all of whose resources are told. None for a user who is not here: to him nothing
%% is delivered.
watcher(#jid{lserver = Server} = To, Component) ->
    case mod_isthmus_config:component_of(Server) of
        Component when To#jid.luser =:= <<>> -> none;
        Component -> case mod_isthmus_accounts:is_missing(To, Component) of true -> none; false -> jid:remove_resource(To) end;
        _ -> To
    end.

key(Contact, Watcher) ->
    {jid:tolower(Contact), jid:tolower(Watcher)}.

withdraw(0, _Contacts) ->
    more;
withdraw(Limit, Contacts) ->
    case mod_isthmus_memory:oldest(Contacts) of
        {ok, Key} ->
            send_unavailable(mod_isthmus_memory:take(Contacts, Key)),
            withdraw(if Limit =:= infinity -> infinity; true -> Limit - 1 end, Contacts);
        empty ->
            done
    end.

send_unavailable({ok, {Contact, Watcher}}) ->
    ejabberd_router:route(#presence{type = unavailable, from = Contact, to = Watcher});
send_unavailable(error) ->
    ok.

%% The warning itself is remembered where it is forgotten with the connection's process.
warn_once(Contacts) ->
    case put({?MODULE, warned}, true) of
        true -> ok;
        undefined ->
            ?WARNING_MSG("More than ~b contacts available: the oldest will not be shown offline if the gateway is lost; raise contact_limit",
                         [mod_isthmus_memory:size(Contacts)])
    end.
